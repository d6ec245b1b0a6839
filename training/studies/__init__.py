"""Studies: questions about learning, one TOML file each, answered by training contestants from several seeds.

``file.py`` says what such a file holds; the file ``<name>.toml`` is run by ``avatarium study <name>``.
"""
