"""The operations wheel: telemetry, and watches over what the product sees and says."""
