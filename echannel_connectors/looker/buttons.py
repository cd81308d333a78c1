"""A page of buttons, one per report, that an agency sends to its clients. No script, nothing from elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from echannel_connectors.destinations import Bound
from echannel_connectors.looker import linking
from echannel_connectors.looker.template import Template, find_template, template_names
from echannel_connectors.project import Project
from echannel_connectors.texts import in_language, say

STYLE = """
:root { --accent: #0072b2; --text: #202124; --muted: #5f6368; --line: #e3e6ea; --paper: #fff; --ground: #f5f6f8;
  color-scheme: light dark; }
@media (prefers-color-scheme: dark) { :root { --accent: #6cb6e4; --text: #e8eaed; --muted: #a8adb3; --line: #3a3f45;
  --paper: #24272b; --ground: #1a1c1f; } a.open { color: #10171c; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 860px; padding: 32px 24px 48px; background: var(--ground); color: var(--text);
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; }
h1 { font-size: 26px; line-height: 1.2; margin: 0 0 8px; } h2 { font-size: 19px; margin: 0 0 4px; }
p { margin: 0; } .company { color: var(--muted); font-weight: 600; font-size: 14px; }
.lead { color: var(--muted); margin-bottom: 20px; }
article { background: var(--paper); border: 1px solid var(--line); border-radius: 12px; padding: 18px 20px;
  margin-bottom: 14px; display: flex; gap: 20px; align-items: center; flex-wrap: wrap; }
article > div { flex: 1 1 320px; } .note { color: var(--muted); font-size: 14px; margin-top: 6px; }
a.open { flex: none; background: var(--accent); color: #fff; text-decoration: none; font-weight: 650;
  padding: 11px 18px; border-radius: 9px; } a.open:hover { filter: brightness(1.08); }
a:focus-visible { outline: 3px solid var(--accent); outline-offset: 3px; }
footer { color: var(--muted); font-size: 14px; margin-top: 22px; } footer li { margin-bottom: 4px; }
@media print { body { background: none; } a.open::after { content: " " attr(href); font-weight: 400; } }
"""
LEAD = say("Each button makes a copy of a report with the company's own figures in it.")
STEPS = (
    say("Open the page with a Google account that may read the company's tables."),
    say("Look at the copy, then choose “Edit and share”, or “Save”: it is yours from then on."),
    say("Share it with whoever needs it; the tables themselves need not be shared."),
)
NO_LAYOUT = say("The report opens with all its data sources; its pages are built by the guide.")
OPEN = say("Open")


@dataclass(frozen=True, slots=True)
class Button:
    """One report and its link; `has_layout` is false where no master report is registered."""

    template: Template
    url: str
    has_layout: bool


def templates_of(found: Project, names: Sequence[str] = ()) -> list[Template]:
    """The templates of these names; all there are where none is named."""
    return [find_template(name, found.folder) for name in names or template_names(found.folder)]


def buttons(found: Project, names: Sequence[str] = ()) -> list[Button]:
    """A link for each template; where none is named, for those whose tables are there.

    Raises SettingsError where a table of one that is named is not there, or none can be linked.
    """
    templates = templates_of(found, names)
    marts = {source.mart for template in templates for source in template.sources.values()}
    bound = linking.bound_to(found.destination(), marts)
    there = [one for one in templates if all(source.mart in bound.tables for source in one.sources.values())]
    return [_button(found, template, bound) for template in (not names and there) or templates]


def _button(found: Project, template: Template, bound: Bound) -> Button:
    company, settings = found.company, found.file.looker
    report = linking.master(settings.masters, template.template, bound.connector, company.language)
    url = linking.link(
        template, bound, host=settings.host, language=company.language, company=company.name, report=report
    )
    return Button(template, url, report is not None)


def page(company: str, language: str, buttons: Sequence[Button]) -> str:
    """The whole HTML page in one language."""

    def told(text: str) -> str:
        return escape(in_language(text, language))

    def article(one: Button) -> str:
        title, about = (escape(getattr(words, language)) for words in (one.template.title, one.template.description))
        note = "" if one.has_layout else f'<p class="note">{told(NO_LAYOUT)}</p>'
        link = f'<a class="open" href="{escape(one.url)}" target="_blank" rel="noopener">{told(OPEN)}</a>'
        return f"<article><div><h2>{title}</h2><p>{about}</p>{note}</div>{link}</article>"

    title = told(say("Reports"))
    steps = "".join(f"<li>{told(step)}</li>" for step in STEPS)
    return f"""<!doctype html>
<html lang="{language}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>{title} · {escape(company)}</title><style>{STYLE}</style></head>
<body><p class="company">{escape(company)}</p><h1>{title}</h1><p class="lead">{told(LEAD)}</p>
<main>{"".join(map(article, buttons))}</main><footer><ol>{steps}</ol></footer></body></html>
"""
