"""Folders of pictures and boxes, as other tools write them, in and out."""
