"""Taking from a model's scores what it says of a video that is not the one it should judge."""
