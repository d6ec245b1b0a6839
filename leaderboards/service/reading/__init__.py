"""What is asked of the database, as the models that pages and the JSON interface share."""
