"""Policies that somebody could honestly submit, made in all the ways in which ONNX files are made."""
