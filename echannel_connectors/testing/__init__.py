"""Stand-ins for the services that the library talks to, and the contracts that tests hold it to."""

from echannel_connectors.testing.contract import ContractBroken, spec_contract, verify_spec

__all__ = ["ContractBroken", "spec_contract", "verify_spec"]
