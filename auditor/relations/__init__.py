"""What ties samples together over the whole corpus; relations see sketches until they verify."""
