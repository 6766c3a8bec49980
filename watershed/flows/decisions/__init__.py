"""What people decide about rows, objects and versions, and how it is carried out."""
