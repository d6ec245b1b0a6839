"""How people moved, read from files that others write: pose streams of MetaGen, motion capture (BVH), tables of places (CSV), transcripts.

``reading.read`` tells by the contents of a file which kind it is; all of them become ``recording.Recording``.
"""
