"""Who is it? How well people and policies can be told apart by the way they move, before data of them is given away."""
