"""How a webservice behaves, apart from what it holds."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Manners:
    """What differs between versions; the defaults are what 1.6.1.25 and 1.7.6.2 were seen to do."""

    methods: tuple[str, ...] = ("GET", "HEAD", "POST", "PUT", "DELETE")
    rights: tuple[str, ...] = ("get", "put", "post", "delete", "head")
    """What the root tells of each resource, in its order."""
    lists_root_in_json: bool = True
    """Otherwise the root in JSON ends with a PHP error: 500 and nothing."""
    drops_empty_fields: bool = False
    """JSON of a single record leaves out what PHP takes for empty: "0", 0, "", null, false."""
    tells_strangers_its_version: bool = True
    """Otherwise PSWS-Version is 0 until the key was accepted."""
    group_parameters: tuple[str, ...] = ("id_group_shop",)
    """How a group of shops may be asked for; the first one given counts."""
    unknown_group: str = "This group shop doesn't have shops"
    answers_preflight: bool = False
    """OPTIONS without a key is 200 and the plain text 200 OK, for browsers."""
    empty_text: str = ""
    """What stands in an XML element without a value."""
    compares_bare_numbers_as_text: bool = True
    """A filter without brackets compares numbers with LIKE, otherwise with =."""


AS_SEEN = Manners()
