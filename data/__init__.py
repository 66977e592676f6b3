"""What a recording is: profiles, frames, keys, labels and the HDF5 file. No screen, no Qt."""
