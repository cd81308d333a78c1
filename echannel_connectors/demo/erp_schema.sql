-- The tables of a Dolibarr 16 that trade touches, with the columns that matter, as SQLite keeps them.
-- Amounts without a prefix are in EUR, the company's currency; multicurrency_* are the document's.
CREATE TABLE llx_const (rowid integer PRIMARY KEY, name varchar(180), entity int, value text, tms timestamp);
CREATE TABLE llx_c_country (rowid integer PRIMARY KEY, code varchar(2), code_iso varchar(3), label varchar(128), active tinyint);
CREATE TABLE llx_c_typent (id integer PRIMARY KEY, code varchar(12), libelle varchar(128), active tinyint);
CREATE TABLE llx_c_paiement (id integer PRIMARY KEY, entity int, code varchar(6), libelle varchar(128), type smallint, active tinyint);
CREATE TABLE llx_c_payment_term (rowid integer PRIMARY KEY, entity int, code varchar(16), libelle varchar(255), nbjour smallint, active tinyint);
CREATE TABLE llx_c_input_reason (rowid integer PRIMARY KEY, code varchar(30), label varchar(128), active tinyint);
CREATE TABLE llx_c_type_contact (rowid integer PRIMARY KEY, element varchar(30), source varchar(8), code varchar(32), libelle varchar(128), active tinyint);
CREATE TABLE llx_user (rowid integer PRIMARY KEY, entity int, login varchar(50), lastname varchar(50), firstname varchar(50), statut tinyint, tms timestamp);
CREATE TABLE llx_multicurrency (rowid integer PRIMARY KEY, date_create datetime, code varchar(255), name varchar(255), entity int);
CREATE TABLE llx_multicurrency_rate (rowid integer PRIMARY KEY, date_sync datetime, rate double, fk_multicurrency int, entity int);
CREATE TABLE llx_entrepot (
  rowid integer PRIMARY KEY, ref varchar(255), datec datetime, tms timestamp, entity int, description text, lieu varchar(64),
  address varchar(255), zip varchar(10), town varchar(50), fk_pays int, statut tinyint
);
CREATE TABLE llx_societe (
  rowid integer PRIMARY KEY, nom varchar(128), name_alias varchar(128), entity int, ref_ext varchar(255), status tinyint,
  parent int, code_client varchar(24), code_fournisseur varchar(24), address varchar(255), zip varchar(25), town varchar(50),
  fk_departement int, fk_pays int, phone varchar(20), email varchar(128), fk_typent int, siren varchar(128),
  siret varchar(128), tva_intra varchar(20), client tinyint, fournisseur tinyint, mode_reglement tinyint,
  cond_reglement tinyint, tms timestamp, datec datetime, multicurrency_code varchar(3)
);
CREATE TABLE llx_societe_commerciaux (rowid integer PRIMARY KEY, fk_soc int, fk_user int);
CREATE TABLE llx_socpeople (
  rowid integer PRIMARY KEY, datec datetime, tms timestamp, fk_soc int, entity int, lastname varchar(50),
  firstname varchar(50), zip varchar(25), town varchar(255), fk_pays int, email varchar(255), statut tinyint
);
CREATE TABLE llx_element_contact (
  rowid integer PRIMARY KEY, datecreate datetime, statut smallint, element_id int, fk_c_type_contact int, fk_socpeople int
);
CREATE TABLE llx_element_element (
  rowid integer PRIMARY KEY, fk_source int, sourcetype varchar(32), fk_target int, targettype varchar(32)
);
CREATE TABLE llx_categorie (rowid integer PRIMARY KEY, entity int, fk_parent int, label varchar(180), type int, tms timestamp);
CREATE TABLE llx_categorie_product (fk_categorie int, fk_product int, PRIMARY KEY (fk_categorie, fk_product));
CREATE TABLE llx_categorie_societe (fk_categorie int, fk_soc int, PRIMARY KEY (fk_categorie, fk_soc));
CREATE TABLE llx_product (
  rowid integer PRIMARY KEY, ref varchar(128), entity int, datec datetime, tms timestamp, fk_parent int, label varchar(255),
  description text, price double(24,8), price_ttc double(24,8), price_base_type varchar(3), cost_price double(24,8),
  tva_tx double(7,4), tosell tinyint, tobuy tinyint, fk_product_type int, seuil_stock_alerte float, barcode varchar(180),
  stock double, pmp double(24,8), fk_default_warehouse int, desiredstock float, fk_unit int
);
CREATE TABLE llx_product_attribute_combination (
  rowid integer PRIMARY KEY, fk_product_parent int, fk_product_child int, variation_price double(24,8), entity int
);
CREATE TABLE llx_product_lang (rowid integer PRIMARY KEY, fk_product int, lang varchar(5), label varchar(255));
CREATE TABLE llx_product_fournisseur_price (
  rowid integer PRIMARY KEY, entity int, datec datetime, tms timestamp, fk_product int, fk_soc int, ref_fourn varchar(128),
  price double(24,8), quantity double, remise_percent double, unitprice double(24,8), tva_tx double(7,4),
  delivery_time_days int
);
CREATE TABLE llx_product_stock (rowid integer PRIMARY KEY, tms timestamp, fk_product int, fk_entrepot int, reel double);
CREATE TABLE llx_stock_mouvement (
  rowid integer PRIMARY KEY, tms timestamp, datem datetime, fk_product int, fk_entrepot int, value double,
  price double(24,8), type_mouvement smallint, fk_user_author int, label varchar(255), inventorycode varchar(128),
  fk_origin int, origintype varchar(64)
);
CREATE TABLE llx_propal (
  rowid integer PRIMARY KEY, ref varchar(30), entity int, ref_client varchar(255), fk_soc int, tms timestamp, datec datetime,
  datep date, fin_validite datetime, date_valid datetime, date_signature datetime, fk_user_author int, fk_statut smallint,
  total_ht double(24,8), total_tva double(24,8), total_ttc double(24,8), fk_mode_reglement int, fk_input_reason int,
  multicurrency_code varchar(3), multicurrency_tx double(24,8), multicurrency_total_ht double(24,8),
  multicurrency_total_tva double(24,8), multicurrency_total_ttc double(24,8)
);
CREATE TABLE llx_propaldet (
  rowid integer PRIMARY KEY, fk_propal int, fk_product int, label varchar(255), description text, tva_tx double(7,4),
  qty double, remise_percent double, subprice double(24,8), total_ht double(24,8), total_tva double(24,8),
  total_ttc double(24,8), product_type int, buy_price_ht double(24,8), special_code int, rang int,
  fk_remise_except int, multicurrency_subprice double(24,8), multicurrency_total_ht double(24,8),
  multicurrency_total_tva double(24,8), multicurrency_total_ttc double(24,8)
);
CREATE TABLE llx_commande (
  rowid integer PRIMARY KEY, ref varchar(30), entity int, ref_ext varchar(255), ref_client varchar(255), fk_soc int,
  tms timestamp, date_creation datetime, date_valid datetime, date_cloture datetime, date_commande date,
  fk_user_author int, fk_user_valid int, source smallint, fk_statut smallint, total_tva double(24,8),
  total_ht double(24,8), total_ttc double(24,8), module_source varchar(32), facture tinyint, fk_cond_reglement int,
  fk_mode_reglement int, date_livraison datetime, fk_warehouse int, fk_input_reason int, fk_multicurrency int,
  multicurrency_code varchar(3), multicurrency_tx double(24,8), multicurrency_total_ht double(24,8),
  multicurrency_total_tva double(24,8), multicurrency_total_ttc double(24,8)
);
CREATE TABLE llx_commandedet (
  rowid integer PRIMARY KEY, fk_commande int, fk_parent_line int, fk_product int, label varchar(255), description text,
  tva_tx double(7,4), qty double, remise_percent double, fk_remise_except int, subprice double(24,8), total_ht double(24,8),
  total_tva double(24,8), total_ttc double(24,8), product_type int, buy_price_ht double(24,8), special_code int, rang int,
  multicurrency_code varchar(3), multicurrency_subprice double(24,8), multicurrency_total_ht double(24,8),
  multicurrency_total_tva double(24,8), multicurrency_total_ttc double(24,8)
);
CREATE TABLE llx_expedition (
  rowid integer PRIMARY KEY, tms timestamp, ref varchar(30), entity int, fk_soc int, ref_customer varchar(255),
  date_creation datetime, date_valid datetime, date_delivery datetime, date_expedition datetime, fk_statut smallint,
  billed smallint, tracking_number varchar(50)
);
CREATE TABLE llx_expeditiondet (
  rowid integer PRIMARY KEY, fk_expedition int, fk_origin_line int, fk_entrepot int, qty double, rang int
);
CREATE TABLE llx_facture (
  rowid integer PRIMARY KEY, ref varchar(30), entity int, ref_client varchar(255), type smallint, fk_soc int, datec datetime,
  datef date, date_valid date, tms timestamp, date_closing datetime, paye smallint, close_code varchar(16),
  total_tva double(24,8), total_ht double(24,8), total_ttc double(24,8), fk_statut smallint, fk_user_author int,
  fk_facture_source int, fk_cond_reglement int, fk_mode_reglement int, date_lim_reglement date, fk_multicurrency int,
  multicurrency_code varchar(3), multicurrency_tx double(24,8), multicurrency_total_ht double(24,8),
  multicurrency_total_tva double(24,8), multicurrency_total_ttc double(24,8), module_source varchar(32)
);
CREATE TABLE llx_facturedet (
  rowid integer PRIMARY KEY, fk_facture int, fk_parent_line int, fk_product int, label varchar(255), description text,
  tva_tx double(7,4), qty double, remise_percent double, fk_remise_except int, subprice double(24,8), total_ht double(24,8),
  total_tva double(24,8), total_ttc double(24,8), product_type int, buy_price_ht double(24,8), special_code int, rang int,
  fk_prev_id int, multicurrency_code varchar(3), multicurrency_subprice double(24,8), multicurrency_total_ht double(24,8),
  multicurrency_total_tva double(24,8), multicurrency_total_ttc double(24,8)
);
CREATE TABLE llx_paiement (
  rowid integer PRIMARY KEY, ref varchar(30), entity int, datec datetime, tms timestamp, datep datetime, amount double(24,8),
  multicurrency_amount double(24,8), fk_paiement int, statut smallint
);
CREATE TABLE llx_paiement_facture (
  rowid integer PRIMARY KEY, fk_paiement int, fk_facture int, amount double(24,8), multicurrency_code varchar(3),
  multicurrency_tx double(24,8), multicurrency_amount double(24,8)
);
CREATE TABLE llx_societe_remise_except (
  rowid integer PRIMARY KEY, entity int, fk_soc int, discount_type int, datec datetime, amount_ht double(24,8),
  amount_tva double(24,8), amount_ttc double(24,8), tva_tx double(7,4), fk_facture_line int, fk_facture int,
  fk_facture_source int, description text, multicurrency_amount_ht double(24,8), multicurrency_amount_tva double(24,8),
  multicurrency_amount_ttc double(24,8)
);
CREATE TABLE llx_commande_fournisseur (
  rowid integer PRIMARY KEY, ref varchar(180), entity int, ref_supplier varchar(255), fk_soc int, tms timestamp,
  date_creation datetime, date_valid datetime, date_approve datetime, date_commande date, source smallint,
  fk_statut smallint, billed smallint, total_tva double(24,8), total_ht double(24,8), total_ttc double(24,8),
  date_livraison datetime, multicurrency_code varchar(3), multicurrency_tx double(24,8),
  multicurrency_total_ht double(24,8), multicurrency_total_tva double(24,8), multicurrency_total_ttc double(24,8)
);
CREATE TABLE llx_commande_fournisseurdet (
  rowid integer PRIMARY KEY, fk_commande int, fk_product int, ref varchar(50), label varchar(255), description text,
  tva_tx double(7,4), qty double, remise_percent double, subprice double(24,8), total_ht double(24,8),
  total_tva double(24,8), total_ttc double(24,8), product_type int, special_code int, rang int,
  multicurrency_code varchar(3), multicurrency_subprice double(24,8), multicurrency_total_ht double(24,8),
  multicurrency_total_tva double(24,8), multicurrency_total_ttc double(24,8)
);
CREATE TABLE llx_reception (
  rowid integer PRIMARY KEY, tms timestamp, ref varchar(30), entity int, fk_soc int, date_creation datetime, fk_statut smallint
);
CREATE TABLE llx_commande_fournisseur_dispatch (
  rowid integer PRIMARY KEY, fk_commande int, fk_product int, fk_commandefourndet int, fk_reception int, qty float, fk_entrepot int,
  fk_user int, status int, datec datetime, tms timestamp
);
CREATE INDEX llx_commandedet_order ON llx_commandedet (fk_commande);
CREATE INDEX llx_facturedet_invoice ON llx_facturedet (fk_facture);
CREATE INDEX llx_paiement_facture_invoice ON llx_paiement_facture (fk_facture);
CREATE INDEX llx_element_element_target ON llx_element_element (targettype, fk_target);
CREATE INDEX llx_element_contact_element ON llx_element_contact (element_id);
CREATE INDEX llx_expeditiondet_line ON llx_expeditiondet (fk_origin_line);
CREATE INDEX llx_stock_mouvement_origin ON llx_stock_mouvement (origintype, fk_origin);
CREATE INDEX llx_dispatch_line ON llx_commande_fournisseur_dispatch (fk_commandefourndet);
CREATE INDEX llx_societe_remise_except_invoice ON llx_societe_remise_except (fk_facture);
CREATE INDEX llx_product_fournisseur_price_supplier ON llx_product_fournisseur_price (fk_soc);
