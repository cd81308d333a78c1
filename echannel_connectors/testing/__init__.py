"""Stand-ins for the services that the library talks to, and the contracts that tests hold it to."""
