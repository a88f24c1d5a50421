"""What the chapters on spotting share: inputs, variants, and who may choose what."""
