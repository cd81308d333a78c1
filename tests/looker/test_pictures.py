"""Each page of each template has its picture in both languages (`make pictures`), and none is left of a page that went."""

from __future__ import annotations

import struct

from echannel_connectors.looker.template import find_template, template_names
from tests.looker.pictures import ROOT, WIDTH, picture


def test_each_page_has_its_picture() -> None:
    wanted = {
        picture(name, page.id, language)
        for name in template_names(ROOT)
        for page in find_template(name, ROOT).pages
        for language in ("en", "fr")
    }
    assert wanted == set(ROOT.glob("looker_templates/*/pictures/*"))
    for file in wanted:
        png = file.read_bytes()
        width, height = struct.unpack(">II", png[16:24])  # of the header, which every PNG begins with
        assert (png[:4], width) == (b"\x89PNG", WIDTH), file
        assert 250 <= height <= 700, file
        assert 5_000 < len(png) < 90_000, file  # neither blank nor heavy
