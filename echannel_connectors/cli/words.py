"""What the command line says to a small company, in English and French."""

from __future__ import annotations

import locale
import os

WORDS: dict[str, tuple[str, str]] = {
    "stream": ("what", "quoi"),
    "rows": ("read", "lues"),
    "changed": ("new or changed", "nouvelles ou modifiées"),
    "deleted": ("gone", "disparues"),
    "seconds": ("seconds", "secondes"),
    "table": ("table", "table"),
    "receipt": (
        "{requests:,.0f} requests, {seconds:.1f} s of the sources' own time, {mib:.1f} MiB; nothing written to a source.",
        "{requests:,.0f} requêtes, {seconds:.1f} s de travail des sources, {mib:.1f} Mio ; rien n'a été écrit dans une source.",
    ),
    "first": ("First sync: everything was read.", "Première synchronisation : tout a été lu."),
    "incremental": (
        "Incremental sync: only what is new since the last one was read ({changed:,} rows changed).",
        "Synchronisation incrémentale : seules les nouveautés ont été lues ({changed:,} lignes modifiées).",
    ),
    "set_aside": (
        "{n} rows did not fit and were set aside: see echannel.set_aside.",
        "{n} lignes ne convenaient pas et ont été mises de côté : voir echannel.set_aside.",
    ),
    "took": ("{rows:,} rows in {seconds:.1f} s → {place}", "{rows:,} lignes en {seconds:.1f} s → {place}"),
    "page": ("The dashboard: {path}", "Le tableau de bord : {path}"),
    "live": ("Live, with fresh figures: {command}", "En direct, avec des chiffres à jour : {command}"),
    "own": (
        "With your own shop: echannel init, then echannel check and echannel sync.",
        "Avec votre propre boutique : echannel init, puis echannel check et echannel sync.",
    ),
    "serving": ("The preview is at {url} (Ctrl+C ends it).", "L'aperçu est à l'adresse {url} (Ctrl+C pour finir)."),
    "last_runs": ("The last runs", "Les derniers passages"),
    "none_yet": ("No sync has run yet.", "Aucune synchronisation n'a encore eu lieu."),
    "all_well": ("Everything is in place: run echannel sync.", "Tout est en place : lancez echannel sync."),
    "not_well": ("Mend what is marked ✗ first.", "Corrigez d'abord ce qui est marqué ✗."),
    "dry": (
        "Nothing was read or written. A sync would do this:",
        "Rien n'a été lu ni écrit. Une synchronisation ferait ceci :",
    ),
    "waiting": ("Next sync in {seconds} s (Ctrl+C ends).", "Prochaine synchronisation dans {seconds} s (Ctrl+C pour finir)."),
    "company_name": ("Your company's name", "Le nom de votre entreprise"),
    "currency": ("Reporting currency (ISO code)", "Devise des tableaux de bord (code ISO)"),
    "shop_url": ("The shop's address (https://…), empty for none", "L'adresse de la boutique (https://…), vide si aucune"),
    "shop_key": ("The webservice key (read-only is best)", "La clé du webservice (en lecture seule, c'est mieux)"),
    "erp": ("Which ERP ({known}), empty for none", "Quel ERP ({known}), vide si aucun"),
    "erp_url": ("The ERP's database (a SQLAlchemy URL)", "La base de l'ERP (une URL SQLAlchemy)"),
    "written": (
        "{file} is written; secrets are in {env}, which no one else should see.",
        "{file} est écrit ; les secrets sont dans {env}, que personne d'autre ne doit voir.",
    ),
    "exists": ("{file} exists already and was left as it is.", "{file} existe déjà et n'a pas été modifié."),
    "demo_start": (
        "Atelier Breton, a made-up company: a PrestaShop shop served on this machine, and its ERP.",
        "Atelier Breton, une entreprise fictive : une boutique PrestaShop servie sur cette machine, et son ERP.",
    ),
}  # fmt: skip


def system_language() -> str:
    """The language of the terminal, for commands that run before there is an echannel.yaml."""
    said = os.environ.get("LC_ALL") or os.environ.get("LANG") or (locale.getlocale()[0] or "")
    return "fr" if said.lower().startswith("fr") else "en"


def say(key: str, language: str, **values: object) -> str:
    english, french = WORDS[key]
    return (french if language == "fr" else english).format(**values)
