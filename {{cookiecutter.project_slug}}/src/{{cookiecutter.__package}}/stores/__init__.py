"""The stores through which wheels meet: lake (tables), registry and models, ledger (decisions)."""
