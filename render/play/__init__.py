"""Playing: a person takes an avatar's place, by keyboard or gamepad."""
