"""Drawing: pictures, videos and the viewer."""
