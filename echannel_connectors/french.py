"""The French of every sentence that `say` makes: English template → French template, with the same values in it.

A test reads the code and fails on a sentence that has no French, or whose French holds other values. The spaces before
: ; ? ! % and inside « » are plain here; texts.py makes them unbreakable.
"""

from __future__ import annotations

from echannel_connectors.french_plan import PLAN
from echannel_connectors.french_review import REVIEW
from echannel_connectors.french_start import START

FRENCH: dict[str, str] = {
    **REVIEW,
    **START,
    **PLAN,
    "core.{table} has a column {column!r} that is {first} in {source} and {second} in {other}":
        "core.{table} a une colonne « {column} » qui est {first} dans {source} et {second} dans {other}",
    "give both the same 'type', or one of them another name": "donnez le même « type » aux deux, ou un autre nom à l'une",
    "Columns of its own:": "Ses propres colonnes :",
    # -- errors and hints in general
    "Error": "Erreur",
    "Settings": "Réglages",
    "Connector spec": "Spécification du connecteur",
    "Unavailable": "Indisponible",
    "In use": "Occupé",
    "Refused": "Refusé",
    "Unexpected data": "Données inattendues",
    "Destination": "Destination",
    "{title}: {problem}": "{title} : {problem}",
    "hint: {hint}": "conseil : {hint}",
    "at {place}": "dans {place}",
    "did you mean {name!r}?": "vouliez-vous dire « {name} » ?",
    "known: {names}": "possibles : {names}",
    "run again later": "relancez plus tard",
    # -- PrestaShop
    "while reading {stream}, slice {part}": "pendant la lecture de {stream}, tranche {part}",
    "{source} sent nothing for {stream!r}, and then said that it has some":
        "{source} n'a rien envoyé pour « {stream} », puis a dit en avoir",
    "run again later; what was read is kept": "relancez plus tard ; ce qui a été lu est gardé",
    "{host} could not be reached: {because}": "{host} n'a pas pu être joint : {because}",
    "check the address and the connection, or run again later; what was read is kept":
        "vérifiez l'adresse et la connexion, ou relancez plus tard ; ce qui a été lu est gardé",
    "{host} sent more than {mib} MiB in one answer": "{host} a envoyé plus de {mib} Mio en une réponse",
    "it answered {status}": "il a répondu {status}",
    "it did not answer in time": "il n'a pas répondu à temps",
    "its TLS certificate was not accepted": "son certificat TLS n'a pas été accepté",
    "its name is not known": "son nom est inconnu",
    "the connection was refused or broke off": "la connexion a été refusée ou s'est rompue",
    "the answer broke off": "la réponse s'est interrompue",
    "{host} answers (PrestaShop {version})": "{host} répond (PrestaShop {version})",
    "the host drops the Authorization header; the key travels in the address":
        "l'hébergeur supprime l'en-tête Authorization ; la clé est transmise dans l'adresse",
    "add this line to the shop's .htaccess: {line}": "ajoutez cette ligne au .htaccess de la boutique : {line}",
    "the key may write ({names}); reading needs no such right":
        "la clé a le droit d'écrire ({names}) ; lire n'en a pas besoin",
    "in the back office under Advanced Parameters > Webservice, leave only GET on this key":
        "dans le back-office, sous Paramètres avancés > Webservice, ne laissez que GET à cette clé",
    "the key may read the employees with their password hashes; they are never read":
        "la clé a le droit de lire les employés avec leurs mots de passe chiffrés ; ils ne sont jamais lus",
    "in the back office under Advanced Parameters > Webservice, take 'employees' off this key":
        "dans le back-office, sous Paramètres avancés > Webservice, retirez « employees » à cette clé",
    "this PrestaShop does not tell which vouchers an order used, or the key may not read them":
        "ce PrestaShop ne dit pas quels bons de réduction une commande a utilisés, ou la clé n'a pas le droit de les lire",
    "store credit and free shipping count as discounts; 1.6, 8 and 9 tell them, 1.7 does not":
        "les avoirs et la livraison offerte comptent comme des remises ; 1.6, 8 et 9 les donnent, 1.7 non",
    "order state {id}, {name}: counts as a sale (the shop calls it logable)":
        "état {id}, {name} : compte comme une vente (la boutique le dit « logable »)",
    "order state {id}, {name}: counts if it once was a sale; the refund counts on its own day":
        "état {id}, {name} : compte si la commande a été une vente ; le remboursement compte à sa propre date",
    "order state {id}, {name}: is no sale (the shop does not call it logable)":
        "état {id}, {name} : n'est pas une vente (la boutique ne le dit pas « logable »)",
    "500 and an empty answer, as for a page beyond the shop's memory limit":
        "500 et une réponse vide, comme pour une page qui dépasse la mémoire de la boutique",
    "in the back office under Advanced Parameters > Webservice, copy the key (32 characters) and see that it is enabled":
        "dans le back-office, sous Paramètres avancés > Webservice, copiez la clé (32 caractères) et vérifiez qu'elle est active",
    "the key is not for this store of {host}": "la clé ne vaut pas pour cette boutique de {host}",
    "the key is not for the stores {names}: products and the like that only they have are not read":
        "la clé ne vaut pas pour les boutiques {names} : ce qu'elles sont seules à avoir, comme leurs produits, n'est pas lu",
    "the stores {names} are switched off: the shop does not show their orders":
        "les boutiques {names} sont désactivées : le webservice ne montre pas leurs commandes",
    "the key may not read 'shops': of several stores only the default one's orders are read":
        "la clé ne peut pas lire « shops » : de plusieurs boutiques, seules les commandes de celle par défaut sont lues",
    "the key may not read 'cart_rules': store credit may count as a discount":
        "la clé ne peut pas lire « cart_rules » : des avoirs peuvent compter comme des remises",
    "in the back office under Advanced Parameters > Webservice, give the key all stores":
        "dans le back-office, sous Paramètres avancés > Webservice, donnez à la clé toutes les boutiques",
    "{host} does not accept this key": "{host} n'accepte pas cette clé",
    "in the back office under Advanced Parameters > Webservice, enable the webservice":
        "dans le back-office, sous Paramètres avancés > Webservice, activez le webservice",
    "the webservice of {host} is switched off": "le webservice de {host} est désactivé",
    "{host} has changed the fields of {resource!r}": "{host} a changé les champs de « {resource} »",
    "run again: they are looked up anew": "relancez : ils seront relus",
    "{host} answered {status} for {resource!r}: {said}": "{host} a répondu {status} pour « {resource} » : {said}",
    "in the back office under Advanced Parameters > Webservice, give the key the GET permission on {resource!r}":
        "dans le back-office, sous Paramètres avancés > Webservice, donnez à la clé le droit GET sur « {resource} »",
    "the key may not read {resource!r}, which the tables need":
        "la clé n'a pas le droit de lire « {resource} », dont les tables ont besoin",
    "the host may drop the Authorization header; add this line to the shop's .htaccess: {line}":
        "l'hébergeur supprime peut-être l'en-tête Authorization ; ajoutez cette ligne au .htaccess de la boutique : {line}",
    "{host} did not see the key (401)": "{host} n'a pas reçu la clé (401)",
    "ask the host to let this machine reach /api, or to allow its User-Agent (setting user_agent)":
        "demandez à l'hébergeur d'ouvrir /api à cette machine, ou d'accepter son User-Agent (réglage user_agent)",
    "a firewall in front of {host} refused the request (403)": "un pare-feu devant {host} a refusé la requête (403)",
    "{host} redirects /api to {target}": "{host} redirige /api vers {target}",
    "write that address as the shop's url": "mettez cette adresse comme url de la boutique",
    "{host} answered {status} for {resource!r}": "{host} a répondu {status} pour « {resource} »",
    "a page for people came instead of data: a firewall, a maintenance page or a broken module":
        "une page web est arrivée à la place des données : un pare-feu, une page de maintenance ou un module cassé",
    "there is no PrestaShop webservice at {host}: {why}": "il n'y a pas de webservice PrestaShop à {host} : {why}",
    "give the shop's own address, such as https://shop.example, and enable the webservice in the back office":
        "donnez l'adresse de la boutique, comme https://boutique.example, et activez le webservice dans le back-office",
    "{host} cannot deliver {resource!r}: {reason}": "{host} n'arrive pas à fournir « {resource} » : {reason}",
    "open the shop's address in a browser: a firewall, a maintenance page or a broken module answers":
        "ouvrez l'adresse de la boutique dans un navigateur : un pare-feu, une page de maintenance ou un module cassé répond",
    "the answer is not a PrestaShop document": "la réponse n'est pas un document PrestaShop",
    "it answered with something else ({problem})": "il a répondu autre chose ({problem})",
    "a page of HTML": "une page HTML",
    "{host} answers nothing for {resource!r}, where it has records":
        "{host} ne répond rien pour « {resource} », où il y a des enregistrements",
    "its database may be in trouble; run again later: what was read is kept":
        "sa base de données va peut-être mal ; relancez plus tard : ce qui a été lu est gardé",
    "the address holds a key or a password: leave it out, the setting 'key' is its place":
        "l'adresse contient une clé ou un mot de passe : retirez-le, sa place est le réglage « key »",
    "{url!r} is not the address of a shop; it should look like https://shop.example":
        "« {url} » n'est pas l'adresse d'une boutique ; elle devrait ressembler à https://boutique.example",
    "the key would travel unprotected: use https (or set allow_http if you must)":
        "la clé circulerait sans protection : utilisez https (ou le réglage allow_http s'il le faut vraiment)",
    # -- echannel.yaml and its settings
    "{code!r} is not a currency; use its ISO code, such as EUR or GBP":
        "« {code} » n'est pas une devise ; utilisez son code ISO, comme EUR ou GBP",
    "run `echannel init` to make one": "lancez `echannel init` pour en créer un",
    "there is no {file} in {folder}": "il n'y a pas de fichier {file} dans {folder}",
    "{file} is empty": "{file} est vide",
    "{file} is not valid YAML: {problem}": "{file} n'est pas du YAML valide : {problem}",
    "{file} is of version {version}, which this library does not know yet":
        "{file} est en version {version}, que cette bibliothèque ne connaît pas encore",
    "there is no source {name!r}": "il n'y a pas de source « {name} »",
    "sources.{name} does not say its 'connector'": "sources.{name} n'indique pas son « connector »",
    "sources.{name}: this word is the source's name; leave out 'name'":
        "sources.{name} : ce mot est le nom de la source ; retirez « name »",
    "sources.{name}: {mistake}": "sources.{name} : {mistake}",
    "the connector {name!r} cannot be loaded: {problem}": "le connecteur « {name} » ne peut pas être chargé : {problem}",
    "it comes with another package: is that installed whole?":
        "il vient d'un autre paquet : celui-ci est-il installé en entier ?",
    "there is no connector {name!r}": "il n'y a pas de connecteur « {name} »",
    "unknown key {where!r}: {hint}": "clé inconnue « {where} » : {hint}",
    "{where!r} is missing": "« {where} » manque",
    "{where}: {problem}": "{where} : {problem}",
    "it does not have the form {pattern}": "la valeur n'a pas la forme {pattern}",
    "it should be {expected}": "la valeur doit être {expected}",
    "{place} refers to ${{{name}}}, which is not set": "{place} fait référence à ${{{name}}}, qui n'est pas défini",
    "set {name} in the environment or in a .env file beside echannel.yaml":
        "définissez {name} dans l'environnement ou dans un fichier .env à côté d'echannel.yaml",
    "{zone!r} is not a time zone; use a name such as Europe/Paris":
        "« {zone} » n'est pas un fuseau horaire ; utilisez un nom comme Europe/Paris",
    "{source}: orders have no column {name!r}: {hint}":
        "{source} : les commandes n'ont pas de colonne « {name} » : {hint}",
    "there is no source {name!r}: {hint}": "il n'y a pas de source « {name} » : {hint}",
    "it is not there": "il n'existe pas",
    "this account may not": "ce compte n'en a pas le droit",
    "something else has its name": "autre chose porte son nom",
    "it is a folder": "c'est un dossier",
    "a part of its path is no folder": "une partie de son chemin n'est pas un dossier",
    "its disk can only be read": "son disque est en lecture seule",
    "another program uses it": "un autre programme l'utilise",
    "its name is too long": "son nom est trop long",
    "{file} is not UTF-8 text": "{file} n'est pas un texte UTF-8",
    "save it as UTF-8": "enregistrez-le en UTF-8",
    "put a text that holds a colon, a comma or a quote between quotes, or below a |":
        "mettez entre guillemets un texte qui contient deux-points, virgule ou apostrophe, ou écrivez-le sous un |",
    "it should be a whole number": "il faut un nombre entier",
    "it should be true or false": "il faut true ou false",
    "it should be a text, between quotes where it looks like a number":
        "il faut un texte, entre guillemets s'il ressemble à un nombre",
    "it should be keys with their values, each on a line of its own below it":
        "il faut des clés avec leurs valeurs, une par ligne au-dessous",
    "parameters.{name} may hold letters, digits, spaces and $&()+,!#@=-_ only, not {value!r}":
        "parameters.{name} ne peut contenir que des lettres, des chiffres, des espaces et $&()+,!#@=-_, pas « {value} »",
    "a look-back of changes needs a cursor that counts them, which {cursor!r} is not":
        "une relecture en nombre de changements demande un curseur qui les compte, ce que « {cursor} » n'est pas",
    "{connector} has no parameter {name!r}": "{connector} n'a pas de paramètre « {name} »",
    "{connector} needs parameters.{name}": "{connector} a besoin de parameters.{name}",
    # -- destinations
    "use {url}": "utilisez {url}",
    "{url!r} is not a destination": "« {url} » n'est pas une destination",
    "there is no warehouse at {path} yet": "il n'y a pas encore d'entrepôt de données dans {path}",
    "run `echannel sync` first": "lancez d'abord `echannel sync`",
    "{path} cannot be opened": "{path} ne peut pas être ouvert",
    "does its folder exist?": "son dossier existe-t-il ?",
    "{path} cannot be written: permission denied": "{path} ne peut pas être écrit : accès refusé",
    "check who owns the file": "vérifiez à qui appartient le fichier",
    "{path} is damaged or is not a DuckDB file; it was left as it is":
        "{path} est endommagé ou n'est pas un fichier DuckDB ; il n'a pas été modifié",
    "move it away and run `echannel sync`: everything is read again from the sources":
        "déplacez-le et lancez `echannel sync` : tout sera relu depuis les sources",
    "{path} was written by another version of DuckDB": "{path} a été écrit par une autre version de DuckDB",
    "{path} was written by a newer version of this library (schema {version})":
        "{path} a été écrit par une version plus récente de cette bibliothèque (schéma {version})",
    "the disk that holds {path} is full": "le disque qui contient {path} est plein",
    "the disk is full": "le disque est plein",
    "free some space and run again; what was loaded is safe":
        "libérez de la place et relancez ; ce qui a été chargé est intact",
    "DuckDB ran out of memory on {path}": "DuckDB a manqué de mémoire sur {path}",
    "give it more (duckdb:///…?memory_mib=1024), or free some disk for temporary files":
        "donnez-lui-en plus (duckdb:///…?memory_mib=1024), ou libérez du disque pour les fichiers temporaires",
    "memory_mib is a number of MiB, such as 1024, not {value!r}":
        "memory_mib est un nombre de Mio, par exemple 1024, et non « {value} »",
    "duckdb:// knows no {name!r}": "duckdb:// ne connaît pas « {name} »",
    "{path} is in use by {program} (process {pid})": "{path} est utilisé par {program} (processus {pid})",
    "wait until it has finished, or close it, and run again": "attendez qu'il ait fini, ou fermez-le, puis relancez",
    "{path} is in use by another program": "{path} est utilisé par un autre programme",
    "close it and run again": "fermez-le et relancez",
    "{path} is in use by this program itself": "{path} est déjà utilisé par ce programme lui-même",
    "close the other connection, or read its query to the end, first":
        "fermez d'abord l'autre connexion, ou lisez sa requête jusqu'au bout",
    "another sync wrote to {stream} ({part}) while this one was reading":
        "une autre synchronisation a écrit dans {stream} ({part}) pendant la lecture",
    "nothing is lost; run again when the other one has ended":
        "rien n'est perdu ; relancez quand l'autre sera terminée",
    "DuckDB could not use {path}: {problem}": "DuckDB n'a pas pu utiliser {path} : {problem}",
    "destination": "destination",
    "the warehouse is in memory: it is gone when the program ends":
        "l'entrepôt de données est en mémoire : il disparaît à la fin du programme",
    "{path} is not there yet: the first sync makes it":
        "{path} n'existe pas encore : la première synchronisation le créera",
    "a sync waits for it for {n:.0f} s": "une synchronisation attend {n:.0f} s qu'il se libère",
    "{path} holds {mib:,.1f} MiB; {gib:,.1f} GiB are free": "{path} occupe {mib:,.1f} Mio ; {gib:,.1f} Gio sont libres",
    "the disk has less space left than the warehouse takes now":
        "le disque a moins de place libre que l'entrepôt de données n'en occupe",
    "free some space before the next large load": "libérez de la place avant le prochain gros chargement",
    # -- ERP databases
    "{name} is no ERP: its spec runs in the warehouse":
        "{name} n'est pas un ERP : sa spécification s'exécute dans l'entrepôt de données",
    "{problem} ({hint})": "{problem} ({hint})",
    "{host} answers ({dialect})": "{host} répond ({dialect})",
    "{table}: {problem}": "{table} : {problem}",
    "the file is opened read-only": "le fichier est ouvert en lecture seule",
    "this account may only read": "ce compte ne peut que lire",
    "this account may write; reading needs no such right":
        "ce compte peut écrire ; la lecture n'a pas besoin de ce droit",
    "give the source an account that may only SELECT": "donnez à la source un compte qui n'a que le droit SELECT",
    "whether this account may write is not asked of this kind of database": "pour ce type de base, on ne vérifie pas si ce compte peut écrire",
    "an odbc url names its driver and a dialect: {names}": "une URL odbc nomme son pilote (driver) et un dialecte : {names}",
    "a row of the database has more than 16 MiB": "une ligne de la base dépasse 16 Mio",
    "{host} shows a certificate that is not accepted": "{host} présente un certificat qui n'est pas accepté",
    "is ca_file the authority that signed it, and is the host in the URL the name that it is made for?": "ca_file est-il celui de l'autorité qui l'a signé, et l'hôte de l'URL porte-t-il le nom pour lequel il est fait ?",
    "{n} connections see one state of the database": "{n} connexions voient un même état de la base",
    "ask for that, or give the source fewer connections": "demandez-le, ou donnez moins de connexions à la source (connections)",
    "{host} lets in no further connection": "{host} n'accepte plus de connexion",
    "{setting} is known for {names} alone": "{setting} n'est connu que pour {names}",
    "large tables are read by {n} of the {wanted} connections: {problem}":
        "les grandes tables sont lues par {n} connexions sur {wanted} : {problem}",
    "there is no CA file {path!r}": "il n'y a pas de fichier d'autorité « {path} »",
    "the database has no table {name}, which {users} needs":
        "la base n'a pas de table {name}, dont {users} a besoin",
    "{table} is left out: the database has no table {names}":
        "{table} est laissée de côté : la base n'a pas de table {names}",
    "right where that module is not installed; otherwise grant SELECT on it":
        "normal si ce module n'est pas installé ; sinon, donnez le droit SELECT sur cette table",
    "the url is no database URL": "l'url n'est pas celle d'une base de données",
    "write {url}": "écrivez {url}",
    "{kind!r} is not a database that can be read": "« {kind} » n'est pas une base de données qui peut être lue",
    "the database": "la base de données",
    "reading {host} needs the driver {driver}": "la lecture de {host} nécessite le pilote {driver}",
    "there is no database file {path!r}": "il n'y a pas de fichier de base de données « {path} »",
    "look at the user and the password in the source's url":
        "vérifiez l'utilisateur et le mot de passe dans l'url de la source",
    "is the module installed, and are parameters such as prefix and schema right?":
        "le module est-il installé, et les paramètres comme prefix et schema sont-ils justes ?",
    "is this spec for another version of the ERP?": "cette spécification est-elle pour une autre version de l'ERP ?",
    "ask for the right to SELECT from it": "demandez le droit SELECT dessus",
    "look at the source's url": "vérifiez l'url de la source",
    "see its pg_hba.conf": "voyez son pg_hba.conf",
    "look at its expression": "vérifiez son expression",
    "look at this column's expression in the spec": "vérifiez l'expression de cette colonne dans la spécification",
    "{host} refuses this user": "{host} refuse cet utilisateur",
    "{host} lets nobody in from here": "{host} n'accepte aucune connexion depuis ici",
    "{host} does not know the user {name}": "{host} ne connaît pas l'utilisateur {name}",
    "{host} has no database {name}": "{host} n'a pas de base {name}",
    "{host} does not open this database to this user": "{host} n'ouvre pas cette base à cet utilisateur",
    "the database has no table {name}": "la base n'a pas de table {name}",
    "the database has no column {name}": "la base n'a pas de colonne {name}",
    "the account may not read {name}": "le compte n'a pas le droit de lire {name}",
    "{host} cannot be asked as its url says: {name}": "{host} ne peut pas être interrogé comme le dit son url : {name}",
    "there is no ODBC driver {name!r} on this machine": "il n'y a pas de pilote ODBC « {name} » sur cette machine",
    "`odbcinst -q -d` lists those that there are": "`odbcinst -q -d` donne la liste de ceux qui s'y trouvent",
    "{host} stopped the query": "{host} a interrompu la requête",
    "{host} does not answer": "{host} ne répond pas",
    "{host} does not answer: {problem}": "{host} ne répond pas : {problem}",
    "{host} is being written by somebody else": "{host} est en cours d'écriture par quelqu'un d'autre",
    "{host} is not a database of this kind": "{host} n'est pas une base de données de ce type",
    "the database cannot compute a column: {name}": "la base ne peut pas calculer une colonne : {name}",
    "{host} refuses the SELECT: {problem}": "{host} refuse le SELECT : {problem}",
    "{table}.{column} does not fit its type {kind}: {problem}":
        "{table}.{column} ne convient pas à son type {kind} : {problem}",
    # -- reading
    "{source} has no stream {name!r}": "{source} n'a pas de flux « {name} »",
    "{source}.{name} has no dates to choose by": "{source}.{name} n'a pas de dates pour choisir",
    "leave out the dates": "retirez les dates",
    "the warehouse has no table {name!r}": "l'entrepôt de données n'a pas de table « {name} »",
    # -- what a sync says
    "{missing:,} of {live:,} rows of {stream} are no longer in the source; that is more than a tenth, so they were kept: "
    "run with --accept-deletes if it is right":
        "{missing:,} lignes sur {live:,} de {stream} ne sont plus dans la source ; c'est plus d'un dixième, elles ont "
        "donc été gardées : relancez avec --accept-deletes si c'est voulu",
    "{n:,} rows of {table} are in {currency} and have no rate to {base}: their *_base figures are empty and in no total":
        "{n:,} lignes de {table} sont en {currency}, sans taux de change vers {base} : leurs montants *_base sont vides "
        "et ne comptent dans aucun total",
    "an unknown currency": "devise inconnue",
    "what": "quoi",
    "read": "lues",
    "new or changed": "nouvelles ou modifiées",
    "gone": "disparues",
    "seconds": "secondes",
    "table": "table",
    "rows": "lignes",
    "{what}: {because}; again in {seconds:.1f} s": "{what} : {because} ; nouvel essai dans {seconds:.1f} s",
    "{n:,} rows did not fit and were set aside: see {table}.":
        "Lignes qui ne convenaient pas et ont été mises de côté : {n:,} ; voir {table}.",
    "Everything was read.": "Tout a été lu.",
    "Incremental sync: only what is new since the last one ({n:,} rows changed).":
        "Synchronisation incrémentale : seules les nouveautés ({n:,} lignes modifiées).",
    "{n:,} rows in {seconds:.1f} s → {place}": "{n:,} lignes en {seconds:.1f} s → {place}",
    "{requests:,.0f} requests, {seconds:.1f} s of the sources' own time, {mib:.1f} MiB; they were only read.":
        "{requests:,.0f} requêtes, {seconds:.1f} s de travail des sources, {mib:.1f} Mio ; lecture seule.",
    "Next sync in {seconds:.0f} s (Ctrl+C ends).": "Prochaine synchronisation dans {seconds:.0f} s (Ctrl+C pour arrêter).",
    "interrupted; what was committed stays, the next run goes on from there":
        "interrompu ; ce qui a été enregistré reste, le prochain passage reprendra de là",
    "interrupted; nothing was written": "interrompu ; rien n'a été écrit",
    "looking for what is new …": "recherche des nouveautés …",
    "{source}: {n:,} rows, {ended} of {begun} streams": "{source} : {n:,} lignes, {ended} flux sur {begun}",
    "{n} tables are built …": "construction de {n} tables …",
    "Look at it: {command}": "Pour les voir : {command}",
    # -- sync --dry-run
    "Nothing was read or written. A sync would do this:":
        "Rien n'a été lu ni écrit. Une synchronisation ferait ceci :",
    "how it would be read": "mode de lecture",
    "into": "vers",
    "rows now": "lignes actuelles",
    "first load, in one go": "premier chargement, d'un seul coup",
    "first load, in {n:,} slices": "premier chargement, en {n:,} tranches",
    "first load goes on: {left:,} of {n:,} slices are left":
        "suite du premier chargement : il reste {left:,} tranches sur {n:,}",
    "all of it again: it is read in another way than before": "tout à nouveau : la lecture n'est plus la même",
    "changes since {position}": "changements depuis {position}",
    "whole, as at every sync": "en entier, comme à chaque fois",
    "again, from {since} to {until}": "à nouveau, de {since} à {until}",
    "the beginning": "l'origine",
    "today": "aujourd'hui",
    "not at all: it has no dates to choose by": "pas du tout : pas de dates pour choisir",
    # -- echannel check
    "{mark} {name}: {problem}": "{mark} {name} : {problem}",
    "Everything is in place: run echannel sync.": "Tout est en place : lancez echannel sync.",
    "Mend what is marked ✗ first.": "Corrigez d'abord ce qui est marqué ✗.",
    "asking {name} …": "interrogation de {name} …",
    # -- echannel read
    "There are no rows.": "Il n'y a pas de lignes.",
    "These are the first {n} rows: --limit shows up to {most}, --format csv all.":
        "Ce sont les {n} premières lignes : --limit en montre jusqu'à {most}, --format csv toutes.",
    # -- echannel status
    "No sync has run yet.": "Aucune synchronisation n'a encore eu lieu.",
    "The last runs": "Les dernières synchronisations",
    "when": "quand",
    "outcome": "résultat",
    "changed": "modifiées",
    "set aside": "de côté",
    "done": "réussie",
    "failed": "échouée",
    "✗ {at}: {problem}": "✗ {at} : {problem}",
    "How old the figures are": "L'âge des chiffres",
    "source": "source",
    "last read": "dernière lecture",
    "age": "âge",
    "streams that fail": "flux en échec",
    "{stream} ({n:,}×)": "{stream} ({n:,}×)",
    "never": "jamais",
    "{n} min": "{n} min",
    "{n} h": "{n} h",
    "{n} days": "{n} jours",
    "in the future": "dans l'avenir",
    "{n:,}": "{n:,}",
    "{n:,.1f}": "{n:,.1f}",
    "{at:%Y-%m-%d %H:%M}": "{at:%d/%m/%Y %H:%M}",
    # -- echannel init and demo
    "Your company's name": "Le nom de votre entreprise",
    "Reporting currency (ISO code)": "Devise des tableaux de bord (code ISO)",
    "The shop's address (https://…), empty for none": "L'adresse de la boutique (https://…), vide si aucune",
    "Time zone of a business day": "Fuseau horaire de l'entreprise (quand finit une journée)",
    "The webservice key (it is not shown)": "La clé du webservice (elle ne s'affiche pas)",
    "a webservice key is of letters and digits; this has others, such as …":
        "une clé de webservice est faite de lettres et de chiffres ; celle-ci en a d'autres, comme …",
    "a webservice key has 32 characters and no space; this has {n}":
        "une clé de webservice a 32 caractères et pas d'espace ; celle-ci en a {n}",
    "in the back office under Advanced Parameters > Webservice, copy the whole key":
        "dans le back-office, sous Paramètres avancés > Webservice, copiez toute la clé",
    "ERPs that it knows: {known}": "ERP connus : {known}",
    "Which ERP, empty for none": "Quel ERP, vide si aucun",
    "The ERP's database, such as mysql://reader:password@host/books (it is not shown)":
        "La base de données de l'ERP, comme mysql://lecteur:mot-de-passe@serveur/base (elle ne s'affiche pas)",
    "Without a shop and without an ERP there is nothing to read.":
        "Sans boutique et sans ERP, il n'y a rien à lire.",
    ": ": " : ",
    "All of this may be changed by hand; `echannel check` looks it over.":
        "Tout ceci se modifie à la main ; `echannel check` vérifie.",
    "Secrets are in .env beside this file, a line NAME=value each; `${{…}}` puts one in here.":
        "Les secrets sont dans .env à côté de ce fichier, une ligne NOM=valeur chacun ; `${{…}}` en met un ici.",
    "company: name and language (en, fr) of the dashboards, currency of all totals, time zone of a business day.":
        "company : nom et langue (en, fr) des tableaux de bord, devise des totaux, fuseau horaire d'une journée.",
    "  After a change of currency, time zone or email_salt: echannel sync --full.":
        "  Après un changement de devise, de fuseau ou d'email_salt : echannel sync --full.",
    "sources: a shop may have `start: 2023-01-01` (leave out older orders) or `polite: true` (for a weak host);":
        "sources : une boutique peut avoir `start: 2023-01-01` (sans les commandes d'avant) ou `polite: true` (hébergeur "
        "modeste) ;",
    "  the `parameters` of an ERP say how it is installed, such as the prefix of its tables.":
        "  les `parameters` d'un ERP disent comment il est installé, par exemple le préfixe de ses tables.",
    "destination: the file that holds the tables, as seen from this folder, a Google Sheet or a BigQuery dataset.":
        "destination : le fichier qui contient les tables, vu depuis ce dossier, une feuille Google ou un ensemble BigQuery.",
    "What comes next:": "La suite :",
    "is all in place?": "tout est en place ?",
    "read it all": "tout lire",
    "look at it": "regarder",
    "{file} is written; secrets are in {env}, which no one else should see.":
        "{file} est écrit ; les secrets sont dans {env}, que personne d'autre ne doit voir.",
    "{file} exists already and was left as it is.": "{file} existe déjà et n'a pas été modifié.",
    "Atelier Breton, a made-up company: a PrestaShop shop and an ERP on this machine.":
        "Atelier Breton, entreprise fictive : boutique PrestaShop et ERP sur ce poste.",
    "The dashboard: {path}": "Le tableau de bord : {path}",
    "its years of trade are played …": "ses années d'activité sont simulées …",
    "Since the last time: orders {orders}, changes of state {states}, refunds {refunds}, stock moves {moves}.":
        "Depuis : commandes {orders}, changements d'état {states}, remboursements {refunds}, stock {moves}.",
    "its figures are reviewed …": "ses chiffres sont passés en revue …",
    "drawing the dashboard …": "dessin du tableau de bord …",
    "Atelier Breton is ready:": "Atelier Breton est prêt :",
    "the dashboard": "le tableau de bord",
    "the same, live": "le même, en direct",
    "a table": "une table",
    "only what is new": "seulement les nouveautés",
    "your own shop": "votre boutique",
    "my-shop": "ma-boutique",
    # -- the preview
    "The preview is at {url} (Ctrl+C ends it).": "L'aperçu est à l'adresse {url} (Ctrl+C pour arrêter).",
    "Open the whole address that the command printed.": "Ouvrez l'adresse entière que la commande a affichée.",
    "the table {name} is not there": "la table {name} n'existe pas",
    "{name} is not there; {hint}": "{name} n'existe pas ; {hint}",
    "{name} is {found}, which is not {wanted}": "{name} est de type {found}, et non {wanted}",
    "the preview needs the package that holds Vega": "l'aperçu a besoin du paquet qui contient Vega",
    "there is no chart {name!r}": "il n'y a pas de graphique « {name} »",
    "chart {chart!r} has no dimension {name!r}": "le graphique « {chart} » n'a pas de dimension « {name} »",
    "chart {chart!r} has no metric {name!r}": "le graphique « {chart} » n'a pas de métrique « {name} »",
    "there is no filter {name!r}": "il n'y a pas de filtre « {name} »",
    "there is no period {name!r}": "il n'y a pas de période « {name} »",
    "a chosen period needs a first and a last day, as 2026-03-31":
        "une période choisie a besoin d'un premier et d'un dernier jour, comme 2026-03-31",
    "the first and the last day must lie between 2000 and 2199":
        "le premier et le dernier jour doivent se situer entre 2000 et 2199",
    "port {port} cannot be used: {problem}": "le port {port} ne peut pas être utilisé : {problem}",
    "leave the port out": "n'indiquez pas de port",
    "the figures are too many for one offline file": "il y a trop de chiffres pour un seul fichier hors ligne",
    "use the live preview: `echannel preview` without --static":
        "utilisez l'aperçu en direct : `echannel preview` sans --static",
    "cannot write {file}: {problem}": "impossible d'écrire {file} : {problem}",
    "choose another place": "choisissez un autre emplacement",
    # -- commands and options
    "the system refuses {file}: {because}": "le système refuse {file} : {because}",
    "{since} is after {until}": "{since} est après {until}",
    "{name} is a table of the warehouse, which is read whole": "{name} est une table de l'entrepôt, qui se lit en entier",
    "two sources are named {name!r}": "deux sources s'appellent « {name} »",
    "give one of them another name": "donnez un autre nom à l'une d'elles",
    "a query only reads the warehouse": "une requête ne fait que lire l'entrepôt",
    "give it one SELECT": "donnez-lui un seul SELECT",
    "only={only!r} is one text": "only={only!r} est un seul texte",
    "{text!r} is not a day": "« {text} » n'est pas un jour",
    "{text!r} is no position": "« {text} » n'est pas une position",
    "give what `position` was after the last reading, or nothing": "donnez ce que `position` valait après la dernière lecture, ou rien",
    "write it as 2026-03-31": "écrivez-le sous la forme 2026-03-31",
    "there is no command {name!r}": "il n'y a pas de commande « {name} »",
    "there is no option {name}": "il n'y a pas d'option {name}",
    "{name} needs a value": "{name} a besoin d'une valeur",
    "too much: {words}": "en trop : {words}",
    "{name} is missing": "{name} manque",
    "see `{command} --help`": "voyez `{command} --help`",
    "This is a bug in echannel-connectors; please report it with the lines above.":
        "C'est un bug d'echannel-connectors ; merci de le signaler avec les lignes ci-dessus.",
    # -- --help
    "Usage:": "Usage :",
    "Arguments:": "Arguments :",
    "Options:": "Options :",
    "Commands:": "Commandes :",
    "[default:": "[par défaut :",
    "[required]": "[obligatoire]",
    "Example: {command}": "Exemple : {command}",
    "Show this message and exit.": "Afficher cette aide.",
    "Say the version.": "Afficher la version.",
    "Shop, ERP and web analytics into tables that ready-made dashboards understand.":
        "La boutique, l'ERP et les statistiques web en tables que des tableaux de bord prêts à l'emploi comprennent.",
    "Connect to everything, read-only, and say what is missing or risky.":
        "Se connecter à tout, en lecture seule, et dire ce qui manque ou présente un risque.",
    "Read what is new in every source and rebuild the tables. Can be repeated and interrupted at any time.":
        "Lire les nouveautés de chaque source et reconstruire les tables. Peut être relancé ou interrompu à tout moment.",
    "The last ten runs, and how old the figures are.": "Les dix dernières synchronisations, et l'âge des chiffres.",
    "Write a stream or a table to stdout.": "Écrire un flux ou une table sur la sortie standard.",
    "Show a template with the company's own figures, on this machine only.":
        "Montrer un modèle avec les chiffres de l'entreprise, sur cette machine seulement.",
    "Ask a few questions and write echannel.yaml; secrets go into a .env file beside it.":
        "Poser quelques questions et écrire echannel.yaml ; les secrets vont dans un fichier .env à côté.",
    "The main job on a made-up company: shop and ERP into tables, and a dashboard drawn. Ends by itself.":
        "L'essentiel sur une entreprise fictive : boutique et ERP en tables, et un tableau de bord. Se termine seul.",
    "The folder that holds echannel.yaml.": "Le dossier qui contient echannel.yaml.",
    "this folder": "ce dossier",
    "A source, or source.stream; may be given again.": "Une source, ou source.flux ; peut être répété.",
    "Read everything again.": "Tout relire.",
    "Sync again after this many seconds, for ever.": "Resynchroniser après ce nombre de secondes, sans fin.",
    "Read again from this day (YYYY-MM-DD).": "Relire à partir de ce jour (AAAA-MM-JJ).",
    "… up to this day.": "… jusqu'à ce jour.",
    "Say what would be read and written.": "Dire ce qui serait lu et écrit.",
    "Accept a large sweep of deletes.": "Accepter un grand nombre de suppressions.",
    "A source of echannel.yaml, or 'warehouse'.": "Une source d'echannel.yaml, ou « warehouse ».",
    "One of its streams, such as orders, or a table, such as mart.sales.":
        "Un de ses flux, comme orders, ou une table, comme mart.sales.",
    "How to write it.": "Sous quelle forme.",
    "At most this many rows.": "Au plus ce nombre de lignes.",
    "From this day (YYYY-MM-DD).": "À partir de ce jour (AAAA-MM-JJ).",
    "Up to this day.": "Jusqu'à ce jour.",
    "A folder to hand over: links, building guides, what every figure and table means, and a page over it all.":
        "Un dossier à transmettre : liens, guides de construction, sens de chaque chiffre et table, et une page d'accueil.",
    "Templates, such as b2c-shop.": "Des modèles, tels que b2c-shop.",
    "Where to write it.": "Où l'écrire.",
    "A folder for each of several projects, such as 'clients/*'.":
        "Un dossier pour chacun de plusieurs projets, par exemple 'clients/*'.",
    "There are no links yet: {problem}.": "Il n'y a pas encore de liens : {problem}.",
    "{n} pages: {path}": "Pages ({n}) : {path}",
    "sum of {column}": "somme de {column}",
    "number of rows with {column}": "nombre de lignes avec {column}",
    "number of different {column}": "nombre de valeurs différentes de {column}",
    "smallest {column}": "plus petite valeur de {column}",
    "largest {column}": "plus grande valeur de {column}",
    "Open the reports": "Ouvrir les rapports",
    "A button for each report.": "Un bouton par rapport.",
    "What the figures mean": "Ce que veulent dire les chiffres",
    "Every figure with its formula and its table.": "Chaque chiffre avec sa formule et sa table.",
    "The tables": "Les tables",
    "What each table holds, column by column.": "Ce que contient chaque table, colonne par colonne.",
    "Building guide: {title}": "Guide de construction : {title}",
    "Reports of {company}": "Rapports de {company}",
    "formula": "formule",
    "nothing in {tables}": "rien dans {tables}",
    "the report {template} misses: {note}": "il manque au rapport {template} : {note}",
    "Which template.": "Quel modèle.",
    "Write a workbook with native charts to this file instead.":
        "Écrire plutôt dans ce fichier un classeur avec de vrais graphiques Excel.",
    "writing the workbook …": "écriture du classeur …",
    "The workbook: {path} ({n:,} rows of {tables} tables)": "Le classeur : {path} ({n:,} lignes de {tables} tables)",
    "{n:,} older rows of {table} are left out: a sheet holds {most:,}.":
        "{n:,} lignes plus anciennes de {table} n'y sont pas : une feuille en contient {most:,}.",
    "Data as of {moment}": "Données au {moment}",
    "Age of the data unknown": "Âge des données inconnu",
    "Columns": "Colonnes",
    "period before": "période précédente",
    "a year before": "un an avant",
    "this period": "cette période",
    "total": "total",
    "not known": "non renseigné",
    "Write one offline page to this file instead.": "Écrire plutôt une page hors ligne dans ce fichier.",
    "0 chooses a free one.": "0 en choisit un libre.",
    "Where to write echannel.yaml.": "Où écrire echannel.yaml.",
    "Where to put the sample company.": "Où mettre l'entreprise d'exemple.",
    # -- echannel spec
    "Connect another ERP by one YAML file: begin it, check it, describe it.":
        "Connecter un autre ERP par un fichier YAML : le commencer, le vérifier, le décrire.",
    "Find every mistake in a spec; show its SELECTs and which marts and templates it feeds. Nothing is written.":
        "Trouver toutes les erreurs d'une spécification ; montrer ses SELECT et ce qu'elle alimente. Rien n'est écrit.",
    "Write connector_specs/NAME.yaml, a spec with everything that you know marked FILL_ME. Nothing is overwritten.":
        "Écrire connector_specs/NAME.yaml, où tout ce que vous savez est marqué FILL_ME. Rien n'est écrasé.",
    "Describe a connector as a page of Markdown: its tables, keys, columns, codes, parameters and what it feeds.":
        "Décrire un connecteur en une page Markdown : tables, clés, colonnes, codes, paramètres et ce qu'il alimente.",
    "The spec's file, or the name of a connector.": "Le fichier de la spécification, ou le nom d'un connecteur.",
    "Show this table's SELECT alone; may be given again.": "Ne montrer que le SELECT de cette table ; peut être répété.",
    "Write the SELECTs in this dialect of SQL.": "Écrire les SELECT dans ce dialecte de SQL.",
    "Show the SELECTs.": "Montrer les SELECT.",
    "Try it on this database, read-only: kind://user:password@host/name.":
        "L'essayer sur cette base, en lecture seule : type://utilisateur:mot-de-passe@serveur/nom.",
    "A parameter of the spec, as name=value; may be given again.":
        "Un paramètre de la spécification, sous la forme nom=valeur ; peut être répété.",
    "The connector's name: small letters, digits and _.": "Le nom du connecteur : minuscules, chiffres et _.",
    "The dialect of SQL that the ERP's database speaks.": "Le dialecte de SQL de la base de l'ERP.",
    "A core table to begin with; may be given again.": "Une table de core par laquelle commencer ; peut être répété.",
    "the usual seven": "les sept habituelles",
    "Name the tables of this database that look right: kind://user:password@host/name.":
        "Nommer les tables de cette base qui semblent convenir : type://utilisateur:mot-de-passe@serveur/nom.",
    "The language of the page.": "La langue de la page.",
    "that of the terminal": "celle du terminal",
    "yes": "oui",
    "no": "non",
    "partly": "en partie",
    "fed": "alimenté",
    "what is missing": "ce qui manque",
    "template {name}": "modèle {name}",
    "it needs {names}": "il lui faut {names}",
    "What this connector feeds": "Ce que ce connecteur alimente",
    "The spec is right.": "La spécification est bonne.",
    "The spec is right; look at the warnings ({n:,}).": "La spécification est bonne ; voyez les avertissements ({n:,}).",
    "The spec is not right yet (errors: {errors:,}, warnings: {warnings:,}).":
        "La spécification n'est pas encore bonne (erreurs : {errors:,}, avertissements : {warnings:,}).",
    "Nothing is wrong so far; {n:,} places are still to be filled in.":
        "Rien n'est faux jusqu'ici ; il reste {n:,} endroits à remplir.",
    "the spec has no table {name!r}": "la spécification n'a pas de table « {name} »",
    "{name!r} is no dialect of SQL that is known": "« {name} » n'est pas un dialecte de SQL connu",
    "{name!r} is no name for a connector": "« {name} » n'est pas un nom de connecteur",
    "write it like sage_100": "écrivez-le comme sage_100",
    "{name!r} is not a core table": "« {name} » n'est pas une table de core",
    "{pair!r} is no parameter": "« {pair} » n'est pas un paramètre",
    "write name=value": "écrivez nom=valeur",
    "{path} is there already": "{path} existe déjà",
    "choose another name, or move it away": "choisissez un autre nom, ou déplacez-le",
    "Wrote {path}.": "{path} est écrit.",
    "Next:": "Ensuite :",
    "fill it in, then": "remplissez-le, puis",
    "name it as a source in echannel.yaml and run echannel check":
        "déclarez-le comme source dans echannel.yaml et lancez echannel check",
    "{table}: the first {n:,} rows": "{table} : les {n:,} premières lignes",
    "{table}: no rows": "{table} : aucune ligne",
    "… columns that are not shown: {n:,} (--table {table} shows all)":
        "… colonnes non montrées : {n:,} (--table {table} les montre toutes)",
    "By month, to hold against the ERP's own reports": "Par mois, à comparer aux états de l'ERP",
    "month": "mois",
    "currency": "devise",
    "orders": "commandes",
    "sold net": "vendu HT",
    "invoiced net": "facturé HT",
    "credited net": "avoirs HT",
    "paid": "payé",
    "{n:,.{places}f}": "{n:,.{places}f}",
    "{sentence}, in {n:,} rows": "{sentence}, sur {n:,} lignes",
    "{table}: the key ({key}) is unique and never NULL": "{table} : la clé ({key}) est unique et jamais NULL",
    "{table}: the key ({key}) is NULL in {n:,} rows": "{table} : la clé ({key}) est NULL dans {n:,} lignes",
    "leave these rows out by 'where', or take another key":
        "écartez ces lignes par « where », ou prenez une autre clé",
    "{table}: the key ({key}) is not unique: {n:,} keys come more than once, such as {examples}":
        "{table} : la clé ({key}) n'est pas unique : {n:,} clés apparaissent plusieurs fois, par exemple {examples}",
    "a join that finds several rows is the usual reason":
        "la cause habituelle est une jointure qui trouve plusieurs lignes",
    "{table}: there is no cursor: all {n:,} rows are read at every sync":
        "{table} : pas de curseur : les {n:,} lignes sont lues à chaque synchronisation",
    "{table}: the cursor is served by the database": "{table} : la base sert le curseur",
    "{table}: the cursor {column} has no index": "{table} : le curseur {column} n'a pas d'index",
    "{table}: the cursor is computed from {columns}, which no index of these columns serves":
        "{table} : le curseur est calculé à partir de {columns}, ce qu'aucun index de ces colonnes ne sert",
    "{table}: whether an index serves the cursor cannot be told here":
        "{table} : on ne peut pas savoir ici si un index sert le curseur",
    "ask whoever looks after the database": "demandez à qui s'occupe de la base",
    "every sync looks at all {n:,} rows there; some hundred thousand do no harm":
        "chaque synchronisation y parcourt les {n:,} lignes ; quelques centaines de milliers ne gênent pas",
    "{column}: every code found is listed": "{column} : chaque code trouvé est prévu",
    "{column}: {word!r} stands for the codes {codes}": "{column} : « {word} » vaut pour les codes {codes}",
    "{column}: codes that are not listed become NULL: {codes}":
        "{column} : des codes non prévus deviennent NULL : {codes}",
    "list them under 'values'": "listez-les sous « values »",
    "{column}: every number came exact from this database": "{column} : tous les nombres sont arrivés exacts de cette base",
    "the lines of an order, its shipping and its rounding are its total_net":
        "les lignes d'une commande, son port et son arrondi font son total_net",
    "goods_net less discount_net, with shipping_net and rounding_net, is total_net":
        "goods_net moins discount_net, avec shipping_net et rounding_net, fait total_net",
    "total_net and total_tax are total_gross": "total_net et total_tax font total_gross",
    "orders: {rule}": "orders : {rule}",
    "{where!r} is no key: put a text that holds a comma between quotes":
        "{where!r} n'est pas une clé : mettez entre guillemets un texte qui contient une virgule",
    "{table}: it cannot be read on by its cursor: {problem}":
        "{table} : impossible de reprendre la lecture par son curseur : {problem}",
    "the cursor is neither a number nor a moment: {cursor!r}":
        "le curseur n'est ni un nombre ni un moment : {cursor!r}",
    "without a cursor the table is read whole, which is exact":
        "sans curseur, la table est lue en entier, ce qui est exact",
    "{column} comes with its zone: what 'zone' says is not used":
        "{column} arrive avec son fuseau : ce que dit « zone » ne sert pas",
    "where it is a local time that the SQL took for UTC, as to_timestamp() does: CAST(… AS TIMESTAMP)":
        "si c'est une heure locale que le SQL a prise pour UTC, comme le fait to_timestamp() : CAST(… AS TIMESTAMP)",
    "{table} has no {columns}: figures leave its rows out, or count them wrong":
        "{table} n'a pas {columns} : les chiffres laissent ses lignes de côté, ou les comptent mal",
    "--connect got nothing": "--connect n'a rien reçu",
    "is the variable that holds the url set?": "la variable qui contient l'url est-elle définie ?",
    "{zone!r} is no time zone": "{zone!r} n'est pas un fuseau horaire",
    "that of --connect, or postgres": "celui de --connect, ou postgres",
    "{table} has no such row": "{table} n'a pas cette ligne",
    "no country of ISO 3166, such as FR or GB": "pas un pays de l'ISO 3166, comme FR ou GB",
    "no currency of ISO 4217, such as EUR or GBP": "pas une devise de l'ISO 4217, comme EUR ou GBP",
    "no sale: no order counts then": "pas une vente : aucune commande ne compte alors",
    "NULL, which is in no month": "NULL, qui n'est dans aucun mois",
    "a rate is more than 0": "un taux est supérieur à 0",
    "a sale is not negative: should it be a row of refunds?":
        "une vente n'est pas négative : serait-ce une ligne de refunds ?",
    "more than a hundredth of total_net: is a discount or a charge left out?":
        "plus d'un centième de total_net : une remise ou des frais sont-ils oubliés ?",
    "a rate of 0.2 is 20 %": "un taux de 0,2 fait 20 %",
    "a refund is positive here": "un remboursement est positif ici",
    "a credit note is negative here": "un avoir est négatif ici",
    "an invoice is positive here": "une facture est positive ici",
    "countries, currencies, rates, signs and references are as the model means them":
        "pays, devises, taux, signes et références sont comme le modèle l'entend",
    "{column}: {what} ({n:,} of {all:,} rows, such as {examples})":
        "{column} : {what} ({n:,} lignes sur {all:,}, dont {examples})",
    "orders: not so in {n:,} of {all:,}: {rule}; such as {examples}":
        "orders : faux pour {n:,} sur {all:,} : {rule} ; par exemple {examples}",
    "is a kind of line left out, or counted twice?":
        "une sorte de ligne est-elle oubliée, ou comptée deux fois ?",
    "Connector `{name}`, written in the SQL of {dialect}.": "Connecteur `{name}`, écrit dans le SQL de {dialect}.",
    "Parameters": "Paramètres",
    "name": "nom",
    "default": "par défaut",
    "meaning": "sens",
    "What it feeds": "Ce qu'il alimente",
    "Key: {columns}.": "Clé : {columns}.",
    "Changes: the whole table is read at every sync.":
        "Changements : toute la table est lue à chaque synchronisation.",
    "Changes: rows whose `{cursor}` moved, looking back {span}.":
        "Changements : les lignes dont `{cursor}` a bougé, avec un recul de {span}.",
    "Made in the warehouse from what the source sent.": "Faite dans l'entrepôt à partir de ce que la source a envoyé.",
    "Read again at every sync: the rows where `{condition}`.":
        "Relues à chaque synchronisation : les lignes où `{condition}`.",
    "Deleted rows are found by comparing the keys.": "Les lignes supprimées sont trouvées en comparant les clés.",
    "Rows are never deleted.": "Les lignes ne sont jamais supprimées.",
    "column": "colonne",
    "type": "type",
    "from": "à partir de",
    "`{column}` by the code `{sql}`:": "`{column}` d'après le code `{sql}` :",
    "code": "code",
    "word": "mot",
    "any other": "tout autre",
    "Instead of {name}, where it is missing": "À la place de {name}, là où elle manque",
    "Left out where the database lacks one of its tables.": "Laissée de côté là où la base n'a pas une de ses tables.",
    "The SELECT {name}, which tables share": "Le SELECT {name}, commun à plusieurs tables",
    "A Google Sheet (its address) or a BigQuery dataset (project.dataset) for the figures, empty for none":
        "Une feuille Google (son adresse) ou un ensemble de données BigQuery (projet.ensemble) pour les chiffres, vide si aucun",
    "The key file of its service account, empty for Google's own login":
        "Le fichier de clé de son compte de service, vide pour la connexion de Google lui-même",
    "The number of a Google Analytics property, empty for none":
        "Le numéro d'une propriété Google Analytics, vide si aucune",
    "there is no file {path}": "il n'y a pas de fichier {path}",
    # Google Analytics
    "Google Analytics": "Google Analytics",
    "Google Analytics needs its client": "Google Analytics a besoin de son client",
    "Google Analytics answered {status}: {problem}": "Google Analytics a répondu {status} : {problem}",
    "Google Analytics does not answer: {problem}": "Google Analytics ne répond pas : {problem}",
    "Google Analytics does not know {field} in this report: {problem}":
        "Google Analytics ne connaît pas {field} dans ce rapport : {problem}",
    "from Google's export to BigQuery since {day}, before that from its API":
        "par l'export de Google vers BigQuery depuis le {day}, avant par son API",
    "{dataset} holds the days from {first} to {last}": "{dataset} contient les jours du {first} au {last}",
    "{dataset} holds no day yet: all is read by the API": "{dataset} ne contient encore aucun jour : tout est lu par l'API",
    "link the property to BigQuery under Admin › BigQuery links; a day comes when it is over":
        "associez la propriété à BigQuery sous Administration › Associations BigQuery ; un jour arrive quand il est fini",
    "this account may not read the export ({dataset}): {problem}":
        "ce compte n'a pas le droit de lire l'export ({dataset}) : {problem}",
    "give it the roles BigQuery Data Viewer on the dataset and BigQuery Job User on the project":
        "donnez-lui les rôles « Lecteur de données BigQuery » sur l'ensemble et « Utilisateur de job BigQuery » sur le projet",
    "the tokens of the property {number} are used up": "les jetons de la propriété {number} sont épuisés",
    "what was read is kept; run again in an hour": "ce qui a été lu est gardé ; relancez dans une heure",
    "what was read is kept; run again after midnight in California, when Google counts anew":
        "ce qui a été lu est gardé ; relancez après minuit en Californie, quand Google remet ses compteurs à zéro",
    "a property is a number, and G-… is the measurement id of a stream":
        "une propriété est un numéro, et G-… est l'identifiant de mesure d'un flux",
    "its number is under Admin › Property details, at the top right":
        "son numéro est sous Administration › Détails de la propriété, en haut à droite",
    "this account may not read the property": "ce compte n'a pas le droit de lire la propriété",
    "add its e-mail address as a Viewer under Admin › Property access management":
        "ajoutez son adresse e-mail comme lecteur sous Administration › Gestion des accès à la propriété",
    "the Google Analytics Data API is not enabled in this account's project":
        "l'API Google Analytics Data n'est pas activée dans le projet de ce compte",
    "{number} is the id of a stream; a property is a number, under Admin › Property details":
        "{number} est l'identifiant d'un flux ; une propriété est un numéro, sous Administration › Détails de la propriété",
    "{number!r} is not the number of a property": "« {number} » n'est pas le numéro d'une propriété",
    "there is no property": "il n'y a pas de propriété",
    "an endpoint may only be on this machine": "un point d'accès ne peut être que sur cette machine",
    "{field} is left out: {problem}": "{field} est laissé de côté : {problem}",
    "{name} answers (property {number})": "{name} répond (propriété {number})",
    "its days are those of {zone}, the company's of {own}": "ses jours sont ceux de {zone}, ceux de l'entreprise de {own}",
    "set the property's reporting time zone under Admin › Property details":
        "réglez le fuseau horaire de la propriété sous Administration › Détails de la propriété",
    "its currency is {theirs}: Google converts to {own}": "sa devise est {theirs} : Google convertit en {own}",
    "set the property's currency under Admin › Property details":
        "réglez la devise de la propriété sous Administration › Détails de la propriété",
    "{report}: Google does not put {field} with the rest": "{report} : Google ne combine pas {field} avec le reste",
    # Google Sheets
    "publisher": "publication",
    "Google Sheets": "Google Sheets",
    "Google takes {n} writes a minute": "Google accepte {n} écritures par minute",
    "Google Sheets needs its client": "Google Sheets a besoin de son client",
    "Google Sheets answered {status}: {problem}": "Google Sheets a répondu {status} : {problem}",
    "Google Sheets does not answer: {problem}": "Google Sheets ne répond pas : {problem}",
    "Google does not know who is asking: {problem}": "Google ne sait pas qui demande : {problem}",
    "give `credentials`, the key file of a service account, or run `echannel login google`":
        "indiquez `credentials`, le fichier de clé d'un compte de service, ou lancez `echannel login google`",
    "the login in {path} is not for {name}": "la connexion dans {path} ne vaut pas pour {name}",
    "run `echannel login google --for {name}`": "lancez `echannel login google --for {name}`",
    "{path} is neither the key of a service account nor a login":
        "{path} n'est ni la clé d'un compte de service ni une connexion",
    "of an OAuth client's file `echannel login google --client FILE` makes a login":
        "avec le fichier d'un client OAuth, `echannel login google --client FICHIER` crée une connexion",
    "a login needs Google's client": "une connexion a besoin du client de Google",
    "this is not the file of an OAuth client of the type desktop app":
        "ce n'est pas le fichier d'un client OAuth du type application de bureau",
    "Google Cloud console › APIs & Services › Credentials › Create › OAuth client ID › Desktop app":
        "console Google Cloud › API et services › Identifiants › Créer › ID client OAuth › Application de bureau",
    "Log in as yourself, once for all of your projects on this machine.":
        "Se connecter en son nom, une fois pour tous ses projets sur cette machine.",
    "What to allow: sheets, ga4 or bigquery.": "Ce qu'il faut autoriser : sheets, ga4 ou bigquery.",
    "{name} is nothing of Google's": "{name} n'est pas un service de Google",
    "what the project in this folder needs": "ce dont le projet de ce dossier a besoin",
    "The JSON file of your OAuth client (desktop app).": "Le fichier JSON de votre client OAuth (application de bureau).",
    "that of the login before": "celui de la connexion précédente",
    "Open the browser; otherwise the address is printed.": "Ouvrir le navigateur ; sinon l'adresse est affichée.",
    "Allow E-Channel to read and write in your name: only what is needed, and each right by itself.":
        "Autoriser E-Channel à lire et écrire en votre nom : seulement le nécessaire, droit par droit.",
    "Allow it in the browser; if none opens, open this address: {url}":
        "Autorisez-le dans le navigateur ; s'il ne s'ouvre pas, ouvrez cette adresse : {url}",
    "That is all: you can close this page.": "C'est tout : vous pouvez fermer cette page.",
    "allowed: {scope}": "autorisé : {scope}",
    "not allowed: {scope}": "pas autorisé : {scope}",
    "The login is kept in {path}, which only you can read.":
        "La connexion est gardée dans {path}, que vous seul pouvez lire.",
    "there is no project in this folder that says what to allow":
        "aucun projet dans ce dossier ne dit ce qu'il faut autoriser",
    "name it: `echannel login google --for sheets`": "précisez-le : `echannel login google --for sheets`",
    "this project has nothing of Google's: no spreadsheet, no Google Analytics, no BigQuery":
        "ce projet n'utilise rien de Google : ni feuille de calcul, ni Google Analytics, ni BigQuery",
    "a first login needs the file of an OAuth client": "une première connexion a besoin du fichier d'un client OAuth",
    "docs/google-login.md says how to make one; then `--client FILE`":
        "docs/google-login.fr.md dit comment en faire un ; puis `--client FICHIER`",
    "{path} is not JSON": "{path} n'est pas du JSON",
    "the spreadsheet is full: it may hold 10,000,000 cells":
        "la feuille de calcul est pleine : elle peut contenir 10 millions de cellules",
    "{address} has other orders than {before}, from which {source!r} was read until now: nothing was read":
        "{address} a d'autres commandes que {before}, d'où {source!r} a été lu jusqu'ici : rien n'a été lu",
    "give it a name of its own in echannel.yaml; `echannel forget {source}` takes the first one's figures out":
        "donnez-lui un nom à elle dans echannel.yaml ; `echannel forget {source}` retire les chiffres de la première",
    "{one!r} and {other!r} are one source, and its figures count twice":
        "{one!r} et {other!r} sont une seule source, et ses chiffres comptent deux fois",
    "this spreadsheet has the figures of {other}, and this project is {own}'s: nothing was written":
        "cette feuille contient les chiffres de {other}, et ce projet est celui de {own} : rien n'a été écrit",
    "give each company a spreadsheet of its own; if {other} is an old name of this one, say so: "
    "sheets://…?formerly={other}":
        "donnez à chaque entreprise sa propre feuille ; si {other} est un ancien nom de celle-ci, dites-le : "
        "sheets://…?formerly={other}",
    "months counts this month, too: at least 1": "months compte aussi le mois en cours : au moins 1",
    "{table}.{column} is of a kind that a Sheet cannot hold": (
        "{table}.{column} est d'un type qu'une feuille ne peut pas contenir"
    ),
    "make a text or a number of it in the mart's SELECT": "faites-en un texte ou un nombre dans le SELECT de la table",
    "the spreadsheet was changed meanwhile, perhaps by another sync: the table is as it was": (
        "la feuille de calcul a été modifiée entre-temps, peut-être par une autre synchronisation : la table est restée telle quelle"
    ),
    "cells of the table are protected against this account: the table is as it was":
        "des cellules de la table sont protégées contre ce compte : la table est restée telle quelle",
    "in the spreadsheet under Data › Protect sheets and ranges, let the account's e-mail address edit them":
        "dans la feuille, sous Données › Protéger des feuilles et des plages, autorisez l'adresse e-mail du compte à les "
        "modifier",
    "run again, one sync at a time": "relancez, une seule synchronisation à la fois",
    "delete tabs that nobody needs, or publish fewer `months` of sales":
        "supprimez des onglets dont personne n'a besoin, ou publiez moins de mois de ventes (`months`)",
    "the address is that of an Excel file in Drive, not of a Google Sheet":
        "l'adresse est celle d'un fichier Excel dans Drive, pas d'une feuille Google Sheets",
    "open it and choose File › Save as Google Sheets, then use the new address":
        "ouvrez-le et choisissez Fichier › Enregistrer en tant que Google Sheets, puis utilisez la nouvelle adresse",
    "this account may not write to the spreadsheet":
        "ce compte n'a pas le droit d'écrire dans la feuille de calcul",
    "share the spreadsheet with the account's e-mail address as an editor":
        "partagez la feuille avec l'adresse e-mail du compte, comme éditeur",
    "the Google Sheets API is not enabled in this account's project":
        "l'API Google Sheets n'est pas activée dans le projet de ce compte",
    "enable it in the Google Cloud console under APIs & Services":
        "activez-la dans la console Google Cloud, sous API et services",
    "there is no such spreadsheet, or this account may not see it":
        "cette feuille de calcul n'existe pas, ou ce compte n'a pas le droit de la voir",
    "copy the address from the browser, and share the spreadsheet with the account as an editor":
        "copiez l'adresse du navigateur, et partagez la feuille avec le compte comme éditeur",
    "{table}.{column} holds {value}, which a Sheet cannot hold exactly":
        "{table}.{column} contient {value}, qu'une feuille ne peut pas garder exactement",
    "a Sheet keeps 15 digits of a number: use DuckDB or BigQuery for such amounts, or round it in a mart of your own":
        "une feuille garde 15 chiffres d'un nombre : utilisez DuckDB ou BigQuery pour de tels montants, ou arrondissez-les dans une table à vous",
    "a Sheets destination has no setting {name!r}": "une destination Sheets n'a pas de réglage « {name} »",
    "months is a number, not {value!r}": "months est un nombre, pas « {value} »",
    "the spreadsheet {title!r} answers ({locale})": "la feuille de calcul « {title} » répond ({locale})",
    "the spreadsheet's time zone is {zone}, the company's {own}":
        "le fuseau de la feuille de calcul est {zone}, celui de l'entreprise {own}",
    "moments are written in the company's; formulas such as NOW() use the spreadsheet's":
        "les heures sont écrites dans celui de l'entreprise ; des formules comme MAINTENANT() utilisent celui de la feuille",
    "E-Channel wrote these {rows:,} rows on {day} at {time}. They are written anew at each sync: "
    "put cells of your own to the right of them, or into another tab.":
        "E-Channel a écrit ces {rows:,} lignes le {day} à {time}. Elles sont réécrites à chaque synchronisation : "
        "mettez vos propres cellules à leur droite, ou dans un autre onglet.",
    "{table} does not fit: with its {rows:,} rows, which lie there twice for a moment, the spreadsheet would "
    "hold {cells:,} cells of 10,000,000":
        "{table} ne tient pas : avec ses {rows:,} lignes, présentes deux fois pendant un instant, la feuille aurait "
        "{cells:,} cellules sur 10\u202f000\u202f000",
    "{used:,} of 10,000,000 cells are taken": "{used:,} cellules sur 10\u202f000\u202f000 sont prises",
    "{used:,} of 10,000,000 cells are taken: {months:,} more months of sales like these would fit":
        "{used:,} cellules sur 10\u202f000\u202f000 sont prises : il y a la place pour {months:,} mois de plus de telles ventes",
    "{address!r} is not a spreadsheet": "« {address} » n'est pas une feuille de calcul",
    "copy its address from the browser (…/spreadsheets/d/…)": "copiez son adresse depuis le navigateur (…/spreadsheets/d/…)",
    "{n:,} texts of {table} were longer than a cell and were cut":
        "{n:,} textes de {table} étaient plus longs qu'une cellule et ont été coupés",
    "{table} is sent to Google Sheets …": "{table} part vers Google Sheets …",
    # BigQuery
    "BigQuery": "BigQuery",
    "BigQuery needs its client": "BigQuery a besoin de son client",
    "Building the tables from what is there now would be billed at most {mib:,.0f} MiB.":
        "Construire les tables à partir de ce qui est là maintenant serait facturé au plus {mib:,.0f} Mio.",
    "Where Google keeps the dataset (EU, US or a region)": "Où Google garde l'ensemble de données (EU, US ou une région)",
    "BigQuery bills {mib:,.0f} MiB; a month of it ({runs:,} runs, {gib:,.0f} GiB) would cost ${dollars:,.2f}.":
        "BigQuery facture {mib:,.0f} Mio ; un mois à ce rythme ({runs:,} passages, {gib:,.0f} Gio) coûterait {dollars:,.2f}\u00a0$.",
    "BigQuery bills {mib:,.0f} MiB; a month of it ({runs:,} runs, {gib:,.0f} GiB) is within the free TiB.":
        "BigQuery facture {mib:,.0f} Mio ; un mois à ce rythme ({runs:,} passages, {gib:,.0f} Gio) reste dans le Tio gratuit.",
    "write bigquery://project/dataset?location=EU": "écrivez bigquery://projet/ensemble?location=EU",
    "a BigQuery destination has no setting {name!r}": "une destination BigQuery n'a pas de réglage « {name} »",
    "{url!r} does not name a project and a dataset": "« {url} » ne nomme pas un projet et un ensemble de données",
    "{name} is a number, not {value!r}": "{name} est un nombre, pas « {value} »",
    "the dataset {name} is in {there}, the destination says {here}":
        "l'ensemble de données {name} est dans {there}, la destination dit {here}",
    "write the dataset's own location into the destination: bigquery://project/dataset?location=…":
        "écrivez dans la destination l'emplacement de l'ensemble lui-même : bigquery://projet/ensemble?location=…",
    "your own login": "votre propre connexion",
    "{who} may run jobs in {project} (scope {scope})": "{who} peut lancer des requêtes dans {project} (portée {scope})",
    "{listed}: not there yet, the first sync makes them": "{listed} : n'existent pas encore, la première synchronisation les créera",
    "the dataset {name} is there ({location})": "l'ensemble de données {name} est là ({location})",
    "a run has no budget": "un passage n'a pas de budget",
    "write max_bytes=… into the destination: docs/bigquery.md":
        "écrivez max_bytes=… dans la destination : docs/bigquery.fr.md",
    "please tell us, with this line: the library counts on it":
        "dites-le-nous, avec cette ligne : la bibliothèque compte dessus",
    "rows of every type are loaded and read back as they were":
        "des lignes de tous les types sont chargées et relues telles quelles",
    "a job that comes twice is recognised": "un chargement qui vient deux fois est reconnu",
    "a transaction that fails leaves nothing": "une transaction qui échoue ne laisse rien",
    "a small change reads at most a twentieth of a table": "un petit changement lit au plus un vingtième d'une table",
    "what is gone is found and marked": "ce qui a disparu est trouvé et marqué",
    "a column of another type is made anew": "une colonne d'un autre type est refaite",
    "core and all marts are built": "core et tous les marts sont construits",
    "a budget stops a query before it costs anything": "un budget arrête une requête avant qu'elle ne coûte",
    "the temporary datasets are removed; it was billed {mib:,.0f} MiB":
        "les ensembles temporaires sont supprimés ; {mib:,.0f} Mio ont été facturés",
    "{what}: {problem}": "{what} : {problem}",
    "{meaning}: {problem}": "{meaning} : {problem}",
    "BigQuery did not load the rows of {name} in {n} attempts":
        "BigQuery n'a pas chargé les lignes de {name} en {n} tentatives",
    "there is no room for a temporary file: {problem}": "il n'y a pas de place pour un fichier temporaire : {problem}",
    "run again later; what was loaded is safe": "relancez plus tard ; ce qui est chargé est en sûreté",
    "BigQuery answered {status}: {problem}": "BigQuery a répondu {status} : {problem}",
    "BigQuery does not answer: {problem}": "BigQuery ne répond pas : {problem}",
    "the position has moved": "la position a changé",
    "another run writes to the same tables": "un autre passage écrit dans les mêmes tables",
    "the queries over the export would cost more than {most:,.0f} MiB (export_max_bytes), of which {used:,.0f} are used":
        "les requêtes sur l'export coûteraient plus de {most:,.0f} Mio (export_max_bytes), dont {used:,.0f} sont utilisés",
    "raise export_max_bytes, or set `start` later; what was read is kept":
        "augmentez export_max_bytes, ou choisissez un `start` plus récent ; ce qui a été lu est gardé",
    "the run would cost more than its budget (max_bytes)": "le passage coûterait plus que son budget (max_bytes)",
    "raise max_bytes in the destination, or sync less at once (--only)":
        "augmentez max_bytes dans la destination, ou synchronisez moins à la fois (--only)",
    "the budget of {most:,.0f} MiB (max_bytes) does not last: {used:,.0f} MiB are used, {needed:,.0f} MiB more would be":
        "le budget de {most:,.0f} Mio (max_bytes) ne suffit pas : {used:,.0f} Mio sont utilisés, il en faudrait {needed:,.0f} de plus",
    "this project has no billing account: BigQuery's sandbox only reads and loads":
        "ce projet n'a pas de compte de facturation : le bac à sable de BigQuery ne fait que lire et charger",
    "link a billing account to the project; the first TiB of each month stays free of charge":
        "associez un compte de facturation au projet ; le premier Tio de chaque mois reste gratuit",
    "the BigQuery API is not enabled in this project": "l'API BigQuery n'est pas activée dans ce projet",
    "this account may not run jobs in the project": "ce compte ne peut pas lancer de requêtes dans le projet",
    "give it the role BigQuery Job User on the project":
        "donnez-lui le rôle « Utilisateur de job BigQuery » sur le projet",
    "this account may not create datasets in the project":
        "ce compte ne peut pas créer d'ensembles de données dans le projet",
    "give it the role BigQuery User on the project, or create the three datasets yourself (docs/bigquery.md)":
        "donnez-lui le rôle « Utilisateur BigQuery » sur le projet, ou créez vous-même les trois ensembles (docs/bigquery.fr.md)",
    "a quota of the project is used up": "un quota du projet est épuisé",
    "what was loaded is safe; run again when the quota is renewed, at the latest tomorrow":
        "ce qui est chargé est en sûreté ; relancez quand le quota est renouvelé, au plus tard demain",
    "BigQuery is asked too often": "BigQuery est sollicité trop souvent",
    "this account may not do that": "ce compte n'en a pas le droit",
    "give it the role BigQuery Data Editor on the three datasets":
        "donnez-lui le rôle « Éditeur de données BigQuery » sur les trois ensembles",
    "BigQuery has no such table": "BigQuery n'a pas cette table",
    "the dataset is not there, or in another location": "l'ensemble de données n'est pas là, ou se trouve ailleurs",
    "there is no such project, or this account may not see it": "ce projet n'existe pas, ou ce compte ne peut pas le voir",
    "a project is named by its id, which the Google Cloud console shows beside its name":
        "un projet se nomme par son identifiant, que la console Google Cloud montre à côté de son nom",
    "BigQuery found a query too large": "BigQuery a jugé une requête trop grande",
    "run again; if it stays, tell us, with the number of rows in your largest table":
        "relancez ; si cela persiste, dites-le-nous, avec le nombre de lignes de votre plus grande table",
    "Try the destination out: write to it, and leave it as it was.":
        "Essayer la destination : y écrire, et la laisser telle quelle.",
    # -- what the company enters itself
    "files": "fichiers",
    "{n:,} lines of {table}": "{n:,} lignes de {table}",
    "a source cannot be named {name!r}: the company's own files are":
        "une source ne peut pas s'appeler « {name} » : ce nom est celui des fichiers de l'entreprise",
    "{code!r} is not a country; use its ISO code, such as FR or GB":
        "« {code} » n'est pas un pays ; utilisez son code ISO, comme FR ou GB",
    "the cost rule of {kind} for {word!r} is for no order: did you mean {near!r}?":
        "la règle de coût {kind} pour « {word} » ne concerne aucune commande : vouliez-vous dire « {near} » ?",
    "{what} already stands in line {line}": "{what} figure déjà à la ligne {line}",
    "{file} has the column {name!r} twice": "{file} a deux fois la colonne « {name} »",
    "{file} is not a CSV file": "{file} n'est pas un fichier CSV",
    "save it in the spreadsheet as CSV UTF-8": "enregistrez-le dans le tableur comme CSV UTF-8",
    "{text!r} stands in no column": "« {text} » n'est dans aucune colonne",
    "with commas between the cells, an amount is written 1234.56": "quand des virgules séparent les cellules, un montant s'écrit 1234.56",
    "{text} as a rate is {n} %": "{text} comme taux fait {n} %",
    "write 1.4 % or 0.014 for what is 1.4 in a hundred": "écrivez 1,4 % ou 0,014 pour 1,4 sur cent",
    "{text!r} could be a thousand or have three decimals": "« {text} » peut se lire comme des milliers ou avec trois décimales",
    "write it without a mark between thousands, or with two or four decimals": "écrivez-le sans séparateur de milliers, ou avec deux ou quatre décimales",
    "leave one of the two out": "retirez l'une des deux",
    "{file} cannot be read: {because}": "{file} est illisible : {because}",
    "{file} has a column {name!r} that nobody knows": "{file} a une colonne « {name} » que personne ne connaît",
    "{file} has no column {name!r}": "{file} n'a pas de colonne « {name} »",
    "{name} is empty": "{name} est vide",
    "{text!r} is not a {name}": "« {text} » ne convient pas pour {name}",
    "a month is written 2026-02": "un mois s'écrit 2026-02",
    "a day is written 2026-02-28": "un jour s'écrit 2026-02-28",
    "a rate of 0 says that {currency} is worth nothing": "un taux de 0 dit que {currency} ne vaut rien",
    "leave the line out: the rate before holds until the next one":
        "supprimez la ligne : le taux d'avant vaut jusqu'au suivant",
    "{currency} is the company's own currency: its rate is 1":
        "{currency} est la devise de l'entreprise : son taux est 1",
    "a rate is what one unit of another currency is worth in {currency}":
        "un taux est ce que vaut une unité d'une autre devise en {currency}",
    "{text!r} has more than {n} decimals": "« {text} » a plus de {n} décimales",
    "write {number}": "écrivez {number}",
    "an amount is written 1234.56 or 1234,56, without a sign of its currency": "un montant s'écrit 1234,56 ou 1234.56, sans signe de devise",
    "{host} gives rates for {n} currencies up to {day}": "{host} donne les cours de {n} devises jusqu'au {day}",
    "{host} sent something else than its rates: {problem}": "{host} a envoyé autre chose que ses cours : {problem}",
    "{host} sent no rates": "{host} n'a envoyé aucun cours",
    "the ECB publishes no rate for {code}": "la BCE ne publie pas de cours pour {code}",
    "there is no folder {folder}": "il n'y a pas de dossier {folder}",
    "{file} is not a backup and is left as it is": "{file} n'est pas une sauvegarde et reste comme il est",
    "choose another name": "choisissez un autre nom",
    "a backup goes into a DuckDB file; other warehouses keep these tables themselves":
        "une sauvegarde se remet dans un fichier DuckDB ; les autres entrepôts gardent eux-mêmes ces tables",
    "give the destination of that file": "donnez la destination de ce fichier",
    "there is no file {file}": "il n'y a pas de fichier {file}",
    "{file} was made by a newer version of this library": "{file} vient d'une version plus récente de cette bibliothèque",
    "{file} is no backup, or is damaged: nothing was changed":
        "{file} n'est pas une sauvegarde, ou est endommagé : rien n'a été changé",
    "take another one": "prenez-en une autre",
    "{folder} is in memory: it is gone when this machine starts again":
        "{folder} est en mémoire : il disparaît quand cette machine redémarre",
    "{folder} belongs to a container: it is gone with it": "{folder} appartient à un conteneur : il disparaît avec lui",
    "{folder} is for temporary files, which the system deletes":
        "{folder} est pour les fichiers temporaires, que le système efface",
    "keep it elsewhere, or run `echannel backup` into a place that lasts":
        "gardez-le ailleurs, ou lancez `echannel backup` vers un endroit qui dure",
    "{n:,} rows are kept in {file}.": "{n:,} lignes sont gardées dans {file}.",
    "{n:,} rows were put back; the next echannel sync builds with them.":
        "{n:,} lignes ont été remises ; le prochain echannel sync en tiendra compte.",
    "A .zip file, or a folder to put one in that has the day in its name.":
        "Un fichier .zip, ou un dossier où en mettre un qui porte le jour dans son nom.",
    "Keep what no source can be asked for again: stock day by day, the answers of reviews, the runs.":
        "Garder ce qu'aucune source ne peut redonner : le stock jour par jour, les réponses des revues, les passages.",
    "What `echannel backup` wrote.": "Ce que `echannel backup` a écrit.",
    "{name} is no source of this project any more, and its figures still count: `echannel forget {name}`":
        "{name} n'est plus une source de ce projet, et ses chiffres comptent encore : `echannel forget {name}`",
    "the warehouse holds nothing of {name!r}": "l'entrepôt n'a rien de {name!r}",
    "{name} is a source of echannel.yaml": "{name} est une source d'echannel.yaml",
    "take it out there first; `echannel sync --full` reads it anew":
        "retirez-la d'abord de ce fichier ; `echannel sync --full` la relit",
    "{n:,} rows of {name} are gone; the next echannel sync builds without them.":
        "{n:,} lignes de {name} sont parties ; le prochain echannel sync fait les tables sans elles.",
    "Its name, which echannel.yaml holds no more.": "Son nom, qui n'est plus dans echannel.yaml.",
    "Take a source that echannel.yaml names no more out of the tables, with all that was read of it.":
        "Retirer des tables une source qu'echannel.yaml ne nomme plus, avec tout ce qui en a été lu.",
    "Put back what a backup holds and the warehouse does not have.":
        "Remettre ce qu'une sauvegarde contient et que l'entrepôt n'a pas.",
    "{name!r} is no name for a table: small letters, digits and _":
        "« {name} » n'est pas un nom de table : des minuscules, des chiffres et _",
    "the library has a mart {name} already": "la bibliothèque a déjà un mart {name}",
    "marts that read each other: {circle}": "des marts qui se lisent l'un l'autre : {circle}",
    "{file} could not be built: {problem}": "{file} n'a pas pu être construit : {problem}",
    "this is not valid SQL: {problem}": "ce n'est pas du SQL valide : {problem}",
    "a mart is one SELECT": "un mart est un seul SELECT",
    "nothing is known as :{name}": "rien ne s'appelle :{name}",
    "a mart reads tables of core and mart, not {name}": "un mart lit les tables de core et de mart, pas {name}",
    "{template} needs tables that are not there: {names}": "{template} a besoin de tables qui manquent : {names}",
    "{address!r} is not the address of a report": "« {address} » n'est pas l'adresse d'un rapport",
    "copy it from the browser (…/reporting/…/page/…)": "copiez-la du navigateur (…/reporting/…/page/…)",
    "Looker Studio reads Google Sheets and BigQuery, not a file on this machine":
        "Looker Studio lit Google Sheets et BigQuery, pas un fichier sur cette machine",
    "set destination: sheets://… or bigquery://…; `echannel preview` shows the same report on this machine":
        "mettez destination: sheets://… ou bigquery://… ; `echannel preview` montre le même rapport sur cette machine",
    "all of them": "tous",
    "run `echannel sync`; a newer library may have to build the tables anew":
        "lancez `echannel sync` ; une bibliothèque plus récente doit parfois reconstruire les tables",
    "{name} is empty: its charts will be": "{name} est vide : ses graphiques le seront",
    "a source that fills it is missing, or has nothing yet": "une source qui la remplit manque, ou n'a encore rien",
    "{name}: nothing in {columns}": "{name} : rien dans {columns}",
    "charts of these columns stay empty until a source fills them":
        "les graphiques de ces colonnes restent vides tant qu'aucune source ne les remplit",
    "{alias}: {n:,} rows of {name}": "{alias} : {n:,} lignes de {name}",
    "Each button makes a copy of a report with the company's own figures in it.":
        "Chaque bouton fait une copie d'un rapport, avec les chiffres de l'entreprise.",
    "Open the page with a Google account that may read the company's tables.":
        "Ouvrez la page avec un compte Google qui peut lire les tables de l'entreprise.",
    "Look at the copy, then choose “Edit and share”, or “Save”: it is yours from then on.":
        "Regardez la copie, puis choisissez « Modifier et partager » ou « Enregistrer » : elle est alors à vous.",
    "Share it with whoever needs it; the tables themselves need not be shared.":
        "Partagez-la avec qui en a besoin ; les tables elles-mêmes n'ont pas à être partagées.",
    "The report opens with all its data sources; its pages are built by the guide.":
        "Le rapport s'ouvre avec toutes ses sources de données ; ses pages se construisent avec le guide.",
    "Open": "Ouvrir",
    "Reports": "Rapports",
    "Reports in Looker Studio (Data Studio): one click copies one onto the company's tables.":
        "Des rapports dans Looker Studio (Data Studio) : un clic en copie un sur les tables de l'entreprise.",
    "A template, such as b2c-shop.": "Un modèle, par exemple b2c-shop.",
    "Open it in the browser.": "L'ouvrir dans le navigateur.",
    "The link that copies a report onto the company's own tables. The tables are looked at first.":
        "Le lien qui copie un rapport sur les tables de l'entreprise, vérifiées d'abord.",
    "No master report of {template} is registered: the link opens a new one with all its data sources, and "
    "its pages are built by hand.":
        "Aucun rapport maître de {template} n'est enregistré : le lien en ouvre un nouveau avec toutes ses sources, "
        "et ses pages se construisent à la main.",
    "The page to write.": "La page à écrire.",
    "Only this template; may be given again.": "Ce modèle seulement ; peut être répété.",
    "A page with a button per report, to keep or to send to a client.":
        "Une page avec un bouton par rapport, à garder ou à envoyer à un client.",
    "{n} reports: {path}": "Rapports ({n}) : {path}",
    "Whether every field of a template is in the tables, has its type, and is filled.":
        "Dire si chaque champ d'un modèle est dans les tables, a son type et est rempli.",
    "The master report: its address in the browser, or its id.":
        "Le rapport maître : son adresse dans le navigateur, ou son identifiant.",
    "What the master report's data sources are.": "Ce que sont les sources de données du rapport maître.",
    "The language of the master report.": "La langue du rapport maître.",
    "Remember a master report in echannel.yaml: links copy it from then on.":
        "Retenir un rapport maître dans echannel.yaml : les liens le copient dès lors.",
    "{template}: links copy this report now ({connector}, {language}).":
        "{template} : les liens copient maintenant ce rapport ({connector}, {language}).",
    "looking for the tables …": "recherche des tables …",
    "How a person builds the master report of a template, page by page.":
        "Comment construire le rapport maître d'un modèle, page par page.",
    "The guide: {path}": "Le guide : {path}",
    "guide-TEMPLATE.html": "guide-MODÈLE.html",
    "12 hours": "12 heures",
    "about 15 minutes": "environ 15 minutes",
    "{template}: {names} cannot be read: its charts show an error":
        "{template} : lecture impossible de {names} : ses graphiques montrent une erreur",
    "run `echannel sync`": "lancez `echannel sync`",
    "{template}: all its tables are there": "{template} : toutes ses tables sont là",
    "{template}: no master report: the link opens a report without pages":
        "{template} : pas de rapport maître : le lien ouvre un rapport sans pages",
    "build it by `echannel looker guide {template}`, then `echannel looker register`":
        "construisez-le avec `echannel looker guide {template}`, puis `echannel looker register`",
    "{template}: links copy the report {report}": "{template} : les liens copient le rapport {report}",
    "whether it is shared cannot be seen from here: open the link with another Google account":
        "on ne voit pas d'ici s'il est partagé : ouvrez le lien avec un autre compte Google",
    "the copy reads the tables as whoever makes it; others who look at it then need no right to them":
        "la copie lit les tables au nom de qui la fait ; les autres lecteurs n'ont alors besoin d'aucun droit sur elles",
    "whoever clicks must be able to open the spreadsheet: share it with her":
        "la personne qui clique doit pouvoir ouvrir la feuille : partagez-la avec elle",
    "who may read the dataset cannot be seen by this account":
        "ce compte ne voit pas qui peut lire l'ensemble de données",
    "the dataset can be read by {names}": "l'ensemble de données peut être lu par {names}",
    "no source was read yet": "aucune source n'a encore été lue",
    "Looker Studio keeps what it has read for {cache} on top of that; the master report can say less":
        "Looker Studio garde en plus pendant {cache} ce qu'il a lu ; le rapport maître peut fixer moins",
    "the oldest source was read {hours:.0f} hours ago": "la source la plus ancienne a été lue il y a {hours:.0f} heures",
    "What the person who clicks will meet: missing tables, no master report, no right to read, old figures.":
        "Ce que verra la personne qui clique : des tables qui manquent, pas de rapport maître, pas de droit de lire, de vieux chiffres.",
}  # fmt: skip
