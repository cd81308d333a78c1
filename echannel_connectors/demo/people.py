"""The people and companies that buy: invented names, real towns, addresses that no post office would find."""

from __future__ import annotations

import random
import unicodedata
from dataclasses import dataclass

FIRST = {
    "FR": "Anne Camille Chloé Élodie Gwenaëlle Hélène Julie Léa Manon Nolwenn Océane Soazig Alan Benoît Erwan Gaël"
          " Hervé Julien Loïc Malo Nicolas Pierre Ronan Yann",
    "GB": "Alice Amelia Charlotte Eleanor Emily Grace Hannah Olivia Arthur Daniel George Harry Jack James Oliver",
    "DE": "Anja Christina Franziska Johanna Katrin Lena Sabine Ute Felix Jan Jürgen Lukas Matthias Stefan Tobias Uwe",
    "ES": "Ana Carmen Elena Lucía María Pilar Álvaro Carlos Diego Javier Jesús Miguel",
    "NL": "Anouk Eline Femke Marieke Sanne Bram Daan Jeroen Pieter Sjoerd",
    "IE": "Aoife Ciara Niamh Orla Sinéad Cian Conor Declan Oisín Pádraig",
    "US": "Ashley Emma Jennifer Madison Brian Kevin Michael Ryan",
}  # fmt: skip
LAST = {
    "FR": "Abgrall Bernard Caradec Cloarec Dubois Guégan Guillou Kerbrat Kerneïs Lambert Le~Bihan Le~Gall Le~Goff"
          " Lefèvre Martin Moreau Morvan Nédélec Petit Prigent Quéméner Riou Robert Salaün Simon Tanguy",
    "GB": "Baker Barnes Clarke Cooper Fletcher Harrison Hughes Marsh O'Neill Palmer Shaw Turner Walker Ward Webb Wood",
    "DE": "Bauer Fischer Großmann Hoffmann Keller Köhler Krüger Lehmann Müller Schäfer Schröder Vogel Weiß Zimmermann",
    "ES": "Álvarez García Gómez Ibáñez López Muñoz Núñez Peña Romero Sánchez",
    "NL": "Bakker de~Boer de~Vries Jansen Mulder Peters Smit van~den~Berg van~Dijk Visser",
    "IE": "Byrne Doyle Kelly McCarthy Murphy Nolan O'Brien O'Connor Ryan Walsh",
    "US": "Anderson Campbell Davis Johnson Miller Roberts Taylor Young",
}  # fmt: skip
TOWNS = {
    "FR": "29000:Quimper 29200:Brest 35000:Rennes 35400:Saint-Malo 44000:Nantes 56000:Vannes 56100:Lorient 75011:Paris "
          "75015:Paris 69003:Lyon 33000:Bordeaux 59000:Lille 31000:Toulouse 13008:Marseille 22300:Lannion",
    "GB": "N1~7AA:London SW11~4NB:London BN1~3FE:Brighton BS1~5TR:Bristol M4~1HQ:Manchester EH3~9DR:Edinburgh "
          "OX1~2JD:Oxford TR1~2LL:Truro",
    "BE": "1000:Bruxelles 1050:Ixelles 2000:Antwerpen 4000:Liège 5000:Namur 9000:Gent",
    "DE": "10115:Berlin 20095:Hamburg 50667:Köln 60311:Frankfurt 80331:München 04109:Leipzig",
    "ES": "08001:Barcelona 28004:Madrid 46001:Valencia 48001:Bilbao 20001:San~Sebastián",
    "NL": "1011:Amsterdam 3011:Rotterdam 2511:Den~Haag 3511:Utrecht",
    "IE": "D02~X285:Dublin T12~W8KP:Cork H91~E2K3:Galway",
    "US": "10001:New~York 94103:San~Francisco 02108:Boston 60601:Chicago 98101:Seattle",
}  # fmt: skip
STREETS = {
    "FR": "rue de Siam|quai de l'Odet|rue Saint-Guénolé|place de la République|rue des Tisserands|allée des Ajoncs",
    "GB": "High Street|Station Road|Church Lane|Mill Road", "BE": "rue Neuve|Kerkstraat|chaussée de Wavre",
    "DE": "Hauptstraße|Gartenweg|Lindenallee", "ES": "calle Mayor|avenida del Mar", "NL": "Dorpsstraat|Prinsengracht",
    "IE": "Patrick Street|Quay Road", "US": "Main Street|Oak Avenue",
}  # fmt: skip
TRADES = {
    "FR": "Boutique du Port|Comptoir de la Mer|Épicerie fine Kermarec|Musée de la Marine – boutique|Hôtel de la Plage|"
          "Maison Bihan|Les Docks|Au Bon Breton|Concept store Avel|Office de tourisme|L'Escale gourmande",
    "GB": "Harbour & Co|The Striped Shop|Cornish Pantry|Seaside Gifts|Museum Shop|Anchor Delicatessen",
    "BE": "La Maison du Nord|De Zeewinkel|Au Phare|Comptoir d'Ostende", "DE": "Feinkost Nordsee|Strandgut|Haus am Meer",
    "ES": "Casa del Mar|La Tienda Azul", "NL": "Het Zeehuis|De Vuurtoren", "IE": "Atlantic Stores|Galway Bay Gifts",
}  # fmt: skip
REGIONS = {"New York": 32, "San Francisco": 5, "Boston": 21, "Chicago": 13, "Seattle": 47}
"""American states by town, as the shop numbers them."""


@dataclass(frozen=True, slots=True)
class Person:
    """Someone who buys, for themselves or for a company."""

    country: str
    first: str
    last: str
    email: str
    street: str
    postcode: str
    town: str
    company: str = ""
    siret: str = ""
    vat_number: str = ""


def person(rng: random.Random, country: str, number: int) -> Person:
    """A private customer; the number keeps e-mail addresses apart."""
    names = country if country in FIRST else rng.choice(["FR", "NL"])
    first, last = rng.choice(_words(FIRST[names])), rng.choice(_words(LAST[names]))
    postcode, _, town = rng.choice(_words(TOWNS[country])).partition(":")
    street = f"{rng.randint(1, 120)} {rng.choice(STREETS[country].split('|'))}"
    email = f"{_plain(first)}.{_plain(last)}{number}@example.com"
    return Person(country, first, last, email, street, postcode, town)


def company(rng: random.Random, country: str, number: int) -> Person:
    """A shop, a hotel or a museum that buys for its business."""
    who = person(rng, country, number)
    name = f"{rng.choice(TRADES[country].split('|'))}, {who.town}"
    siren = f"{rng.randint(300, 899)}{rng.randint(0, 999_999):06}"
    vat = {"FR": f"FR{rng.randint(10, 99)}{siren}", "GB": f"GB{siren}"}.get(country, f"{country}0{siren}")
    siret = f"{siren}{rng.randint(10, 99):05}" if country == "FR" else ""
    email = f"achats{number}@{_plain(who.town)}.example"
    return Person(country, who.first, who.last, email, who.street, who.postcode, who.town, name, siret, vat)


def _words(text: str) -> list[str]:
    return [word.replace("~", " ") for word in text.split()]


def _plain(text: str) -> str:
    folded = unicodedata.normalize("NFKD", text.lower())
    return "".join(letter for letter in folded if letter.isascii() and letter.isalnum())
