"""Layer 1: export controls as dated data, and concentration of supply. Pure: frames in, frames and records out."""
