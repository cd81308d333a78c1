"""`python -m echannel_connectors` is the same as `echannel`."""

from echannel_connectors.cli import main

main()
