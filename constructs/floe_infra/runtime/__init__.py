"""What runs outside of Python: Terraform or OpenTofu, and the AWS emulator. Neither needs CDKTF to be loaded."""
