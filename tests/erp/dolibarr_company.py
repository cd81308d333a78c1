"""A small company in the tables of a Dolibarr of one version, in the types that its installer gives them.

The columns that our spec reads, and their neighbours that other versions name otherwise, as the files of
htdocs/install/mysql/tables and the migrations between 13 and 25 have them.
"""

from __future__ import annotations

import re

# What 14 has. A type is MySQL's; the installer makes PostgreSQL's of it by the rules in POSTGRES.
TABLES = """
const: rowid integer, name varchar(180), entity integer, value text
c_country: rowid integer, code varchar(2), label varchar(128)
c_typent: id integer, code varchar(12)
c_paiement: id integer, code varchar(6)
c_input_reason: rowid integer, code varchar(30)
c_type_contact: rowid integer, element varchar(64), source varchar(8), code varchar(32)
societe: rowid integer, nom varchar(128), entity integer, status tinyint, fk_pays integer, email varchar(128),
    fk_typent integer, tva_intra varchar(20), client tinyint, fournisseur tinyint, datec datetime, tms timestamp
socpeople: rowid integer, fk_soc integer, fk_pays integer, tms timestamp
product: rowid integer, ref varchar(128), entity integer, datec datetime, tms timestamp, label varchar(255),
    price double(24,8), cost_price double(24,8), tosell tinyint, barcode varchar(180), pmp double(24,8)
product_attribute_combination: rowid integer, fk_product_parent integer, fk_product_child integer, entity integer
product_fournisseur_price: rowid integer, fk_product integer, fk_soc integer, delivery_time_days integer
product_stock: rowid integer, tms timestamp, fk_product integer, fk_entrepot integer, reel real
categorie: rowid integer, fk_parent integer, label varchar(180), type integer
categorie_product: fk_categorie integer, fk_product integer
entrepot: rowid integer, ref varchar(255), tms timestamp, entity integer, fk_pays integer
stock_mouvement: rowid integer, tms timestamp, datem datetime, fk_product integer, fk_entrepot integer, value real,
    fk_origin integer, origintype varchar(64)
multicurrency: rowid integer, code varchar(255), entity integer
multicurrency_rate: rowid integer, date_sync datetime, rate double, fk_multicurrency integer, entity integer
element_element: rowid integer, fk_source integer, sourcetype varchar(32), fk_target integer, targettype varchar(32)
element_contact: rowid integer, element_id integer, fk_c_type_contact integer, fk_socpeople integer
commande: rowid integer, ref varchar(30), entity integer, ref_client varchar(255), fk_soc integer, tms timestamp,
    date_creation datetime, date_commande date, fk_user_author integer, fk_statut smallint, total_ht double(24,8),
    total_ttc double(24,8), fk_mode_reglement integer, date_livraison datetime, fk_input_reason integer,
    multicurrency_code varchar(3), multicurrency_tx double(24,8), multicurrency_total_ht double(24,8),
    multicurrency_total_ttc double(24,8)
commandedet: rowid integer, fk_commande integer, fk_product integer, label varchar(255), description text,
    tva_tx double(7,4), qty real, remise_percent real, fk_remise_except integer, subprice double(24,8),
    total_ht double(24,8), total_ttc double(24,8), product_type integer, buy_price_ht double(24,8),
    multicurrency_subprice double(24,8), multicurrency_total_ht double(24,8), multicurrency_total_ttc double(24,8)
expedition: rowid integer, ref varchar(30), entity integer, fk_statut smallint, tms timestamp
expeditiondet: rowid integer, fk_expedition integer, fk_origin_line integer, qty real, fk_entrepot integer
facture: rowid integer, ref varchar(30), entity integer, type smallint, fk_soc integer, datec datetime, datef date,
    tms timestamp, date_closing datetime, paye smallint, close_code varchar(16), total_ht double(24,8),
    total_ttc double(24,8), fk_statut smallint, fk_user_author integer, module_source varchar(32), pos_source varchar(32),
    fk_facture_source integer, fk_mode_reglement integer, date_lim_reglement date, situation_cycle_ref smallint,
    multicurrency_code varchar(3), multicurrency_tx double(24,8), multicurrency_total_ht double(24,8),
    multicurrency_total_ttc double(24,8)
facturedet: rowid integer, fk_facture integer, fk_product integer, label varchar(255), description text,
    tva_tx double(7,4), qty real, remise_percent real, fk_remise_except integer, subprice double(24,8),
    total_ht double(24,8), total_ttc double(24,8), product_type integer, buy_price_ht double(24,8), fk_prev_id integer,
    multicurrency_subprice double(24,8), multicurrency_total_ht double(24,8), multicurrency_total_ttc double(24,8)
paiement: rowid integer, entity integer, tms timestamp, datep datetime, amount double(24,8), fk_paiement integer
paiement_facture: rowid integer, fk_paiement integer, fk_facture integer, amount double(24,8),
    multicurrency_amount double(24,8)
societe_remise_except: rowid integer, entity integer, fk_soc integer, amount_ht double(24,8), amount_ttc double(24,8),
    fk_facture_line integer, fk_facture integer, fk_facture_source integer, multicurrency_amount_ttc double(24,8)
commande_fournisseur: rowid integer, ref varchar(180), entity integer, fk_soc integer, tms timestamp, date_commande date,
    fk_statut smallint, date_livraison datetime, multicurrency_code varchar(3)
commande_fournisseurdet: rowid integer, fk_commande integer, fk_product integer, qty real, remise_percent real,
    subprice double(24,8), product_type integer, multicurrency_subprice double(24,8)
reception: rowid integer, ref varchar(30), entity integer, fk_statut smallint
commande_fournisseur_dispatch: rowid integer, fk_commande integer, fk_product integer, fk_commandefourndet integer,
    fk_reception integer, qty float, status integer, datec datetime
"""

# What later versions changed of it, each after the one before.
SINCE = {
    20: [
        ("expeditiondet:", "expeditiondet: fk_product integer, fk_element integer, element_type varchar(50),"),
        ("fk_origin_line", "fk_elementdet"),
        ("commande_fournisseur_dispatch:", "receptiondet_batch: element_type varchar(50),"),
        (
            "fk_commande integer, fk_product integer, fk_commandefourndet",
            "fk_element integer, fk_product integer, fk_elementdet",
        ),
    ],
    22: [("expeditiondet:", "expeditiondet: fk_parent integer, fk_unit integer,")],
    # The table of a module that is not installed is not made.
    24: [(re.search("product_attribute_combination.*\n", TABLES)[0], "")],  # type: ignore[index]  # it is there
}
POSTGRES = {
    r"\b(double|float)(\(\d+,\d+\))?": r"numeric\2", "tinyint": "smallint", "datetime": "timestamp",
    "tms timestamp": "tms timestamp without time zone DEFAULT now() NOT NULL",
}  # fmt: skip

# In France, with euros. 3 is the buyer at the counter, whom no one knows; neither it nor the recipient has a country.
# Order 1: 3 at 10.00, 1.33 kg at 100.00 less 25 % (99.75), and their transport at 12.00; 2 and the 1.33 kg were sent, the
# third lies in a draft. Order 2 was said to be delivered, without any shipment.
# Invoice 1 is order 1's, linked by hand on the order's card: 100.00 of its 155.70 are paid. 2 is a ticket, 3 was one
# with less than nothing to pay: two at 10.00 came back for one at 4.00. 4 is a ticket of the till before TakePOS.
# 1234.1 kg were ordered at 10.00 less 33.33 %, with their freight, and received; 5 kg more were refused. What was ordered
# next was said to be received, in no warehouse.
ROWS = """
INSERT INTO llx_const (rowid, name, entity, value) VALUES (1, 'MAIN_MONNAIE', 1, 'EUR'),
    (2, 'MAIN_INFO_SOCIETE_COUNTRY', 1, '1:FR:France'), (3, 'CASHDESK_ID_THIRDPARTY1', 1, '3');
INSERT INTO llx_c_country (rowid, code, label) VALUES (0, '', '-'), (1, 'FR', 'France'), (5, 'DE', 'Germany');
INSERT INTO llx_c_paiement (id, code) VALUES (4, 'LIQ');
INSERT INTO llx_c_type_contact (rowid, element, source, code) VALUES (102, 'commande', 'external', 'SHIPPING');
INSERT INTO llx_societe (rowid, nom, entity, status, fk_pays, client, fournisseur, tms)
VALUES (1, 'Buyer', 1, 1, 5, 1, 0, '2026-03-01 10:00:00'), (2, 'Mill', 1, 1, 0, 0, 1, '2026-03-01 10:00:00'),
    (3, 'Counter', 1, 1, 0, 1, 0, '2026-03-01 10:00:00');
INSERT INTO llx_socpeople (rowid, fk_soc, fk_pays, tms) VALUES (1, 1, 0, '2026-03-01 10:00:00');
INSERT INTO llx_product (rowid, ref, entity, label, price, tosell, pmp, tms)
VALUES (1, 'CUP', 1, 'Cup', 10, 1, 4, '2026-03-01 10:00:00'), (2, 'TEA', 1, 'Tea', 100, 1, 0, '2026-03-01 10:00:00');
INSERT INTO llx_entrepot (rowid, ref, entity, fk_pays, tms) VALUES (1, 'Main', 1, 0, '2026-03-01 10:00:00');
INSERT INTO llx_product_stock (rowid, fk_product, fk_entrepot, reel, tms)
VALUES (1, 1, 1, 1234567, '2026-03-01 10:00:00'), (2, 2, 1, 1234.567, '2026-03-01 10:00:00');
INSERT INTO llx_stock_mouvement (rowid, datem, fk_product, fk_entrepot, value, fk_origin, origintype, tms)
VALUES (1, '2026-03-01 10:00:00', 1, 1, 1234567, 1, 'order_supplier', '2026-03-01 10:00:00'),
    (2, '2026-03-01 10:00:00', 2, 1, 1234.567, 1, 'reception', '2026-03-01 10:00:00');
INSERT INTO llx_element_element (rowid, fk_source, sourcetype, fk_target, targettype)
VALUES (1, 1, 'facture', 1, 'commande'), (2, 1, 'commande', 1, 'shipping'), (3, 1, 'commande', 2, 'shipping');
INSERT INTO llx_element_contact (rowid, element_id, fk_c_type_contact, fk_socpeople) VALUES (1, 1, 102, 1);
INSERT INTO llx_commande (rowid, ref, entity, fk_soc, tms, date_creation, date_commande, fk_statut, total_ht, total_ttc)
VALUES (1, 'CO-1', 1, 1, '2026-03-02 10:00:00', '2026-03-02 11:00:00', '2026-03-02', 2, 141.75, 170.1),
    (2, 'CO-2', 1, 1, '2026-03-02 10:00:00', '2026-03-02 11:00:00', '2026-03-02', 3, 10, 12);
INSERT INTO llx_commandedet (rowid, fk_commande, fk_product, tva_tx, qty, remise_percent, subprice, total_ht, total_ttc,
    product_type, buy_price_ht)
VALUES (1, 1, 1, 20, 3, 0, 10, 30, 36, 0, 4), (2, 1, 2, 20, 1.33, 25, 100, 99.75, 119.7, 0, 0),
    (3, 1, NULL, 20, 1, 0, 12, 12, 14.4, 1, 0), (4, 2, 1, 20, 1, 0, 10, 10, 12, 0, 4);
INSERT INTO llx_expedition (rowid, ref, entity, fk_statut, tms) VALUES (1, 'SH-1', 1, 1, '2026-03-03 10:00:00'),
    (2, '(PROV2)', 1, 0, '2026-03-03 10:00:00');
INSERT INTO llx_expeditiondet (rowid, fk_expedition, fk_origin_line, qty)
VALUES (1, 1, 1, 2), (2, 2, 1, 1), (3, 1, 2, 0.33), (4, 1, 2, 1);
INSERT INTO llx_facture (rowid, ref, entity, type, fk_soc, datec, datef, tms, paye, total_ht, total_ttc, fk_statut,
    module_source, pos_source, fk_facture_source, date_lim_reglement)
VALUES (1, 'FA-1', 1, 0, 1, '2026-03-04 11:00:00', '2026-03-04', '2026-03-04 10:00:00', 0, 129.75, 155.7, 1, NULL, NULL,
        NULL, '2026-04-03'),
    (2, 'TC1-1', 1, 0, 3, '2026-03-05 11:00:00', '2026-03-05', '2026-03-05 10:00:00', 1, 20, 24, 2, 'takepos', '1', NULL, NULL),
    (3, 'TC1-2', 1, 2, 3, '2026-03-06 11:00:00', '2026-03-06', '2026-03-06 10:00:00', 1, -16, -19.2, 2, 'takepos', '1', 2, NULL),
    (4, 'FA-2', 1, 0, 1, '2014-03-06 11:00:00', '2014-03-06', '2014-03-06 10:00:00', 1, 5, 6, 2, 'cashdesk', '0', NULL, NULL);
INSERT INTO llx_facturedet (rowid, fk_facture, fk_product, tva_tx, qty, remise_percent, subprice, total_ht, total_ttc,
    product_type, buy_price_ht)
VALUES (1, 1, 1, 20, 3, 0, 10, 30, 36, 0, 4), (2, 1, 2, 20, 1.33, 25, 100, 99.75, 119.7, 0, 0),
    (3, 2, 1, 20, 2, 0, 10, 20, 24, 0, 4), (4, 3, 1, 20, -2, 0, 10, -20, -24, 0, 4), (5, 3, 2, 20, 1, 0, 4, 4, 4.8, 0, 0),
    (6, 4, 1, 20, 1, 0, 5, 5, 6, 0, 4);
INSERT INTO llx_paiement (rowid, entity, tms, datep, amount, fk_paiement)
VALUES (1, 1, '2026-03-10 10:00:00', '2026-03-10 11:00:00', 124, 4), (2, 1, '2026-03-10 10:00:00', '2026-03-06 11:00:00', -19.2, 4);
INSERT INTO llx_paiement_facture (rowid, fk_paiement, fk_facture, amount) VALUES (1, 1, 1, 100), (2, 1, 2, 24), (3, 2, 3, -19.2);
INSERT INTO llx_commande_fournisseur (rowid, ref, entity, fk_soc, tms, date_commande, fk_statut)
VALUES (1, 'PO-1', 1, 2, '2026-02-01 10:00:00', '2026-02-01', 5), (2, 'PO-2', 1, 2, '2026-02-01 10:00:00', '2026-02-01', 5);
INSERT INTO llx_commande_fournisseurdet (rowid, fk_commande, fk_product, qty, remise_percent, subprice, product_type)
VALUES (1, 1, 2, 1234.1, 33.33, 10, 0), (2, 1, NULL, 1, 0, 20, 1), (3, 2, 1, 7, 0, 4, 0);
INSERT INTO llx_commande_fournisseur_dispatch (rowid, fk_commande, fk_product, fk_commandefourndet, qty, status, datec)
VALUES (1, 1, 2, 1, 1234.1, 1, '2026-02-10 11:00:00'), (2, 1, 2, 1, 5, 2, '2026-02-10 11:00:00');
"""


def company(version: int, dialect: str = "mysql") -> str:
    """The script that makes it: tables and rows."""
    tables, rows = TABLES, ROWS
    for changes in (changes for since, changes in SINCE.items() if since <= version):
        for old, new in changes:
            assert old in tables
            tables = tables.replace(old, new)
    if version >= 20:
        rows = rows.replace("fk_origin_line", "fk_elementdet").replace(
            "commande_fournisseur_dispatch", "receptiondet_batch"
        )
        rows = rows.replace("fk_commande, fk_product, fk_commandefourndet", "fk_element, fk_product, fk_elementdet")
    if dialect == "postgres":
        for pattern, native in POSTGRES.items():
            tables = re.sub(pattern, native, tables)
    names = re.sub(r"(?m)^(\w+): ((?:.|\n )*)$", r"CREATE TABLE llx_\1 (\2);", tables)
    return re.sub(r"timestamp(?=[,)])", "timestamp NULL", names) + rows
