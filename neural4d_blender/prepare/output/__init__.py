"""What leaves the preparer: materials and images as they are kept, the .blend, its preview, an asset."""
