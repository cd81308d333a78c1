-- Sage 100 as the public facts have it, with a small invented company. One case per trap; amounts are easy to add up.
CREATE SCHEMA dbo;
CREATE TABLE dbo.F_COMPTET (
  CT_Num VARCHAR, CT_Type INTEGER, CT_Intitule VARCHAR, CT_Pays VARCHAR DEFAULT '', CT_Identifiant VARCHAR DEFAULT '',
  CT_Sommeil INTEGER DEFAULT 0, CT_DateCreate TIMESTAMP DEFAULT '1753-01-01', CT_EMail VARCHAR DEFAULT ''
);
CREATE TABLE dbo.F_PAYS (PA_Intitule VARCHAR, PA_CodeISO2 VARCHAR);
CREATE TABLE dbo.F_FAMILLE (FA_CodeFamille VARCHAR, FA_Intitule VARCHAR);
CREATE TABLE dbo.F_ARTICLE (
  AR_Ref VARCHAR, AR_Design VARCHAR, FA_CodeFamille VARCHAR, AR_PrixAch DECIMAL(24, 6), AR_PrixVen DECIMAL(24, 6),
  AR_Sommeil INTEGER DEFAULT 0, AR_CodeBarre VARCHAR DEFAULT ''
);
CREATE TABLE dbo.F_ARTFOURNISS (AR_Ref VARCHAR, CT_Num VARCHAR);
CREATE TABLE dbo.F_ARTSTOCK (
  AR_Ref VARCHAR, DE_No INTEGER, AS_QteSto DECIMAL(24, 6), AS_QteRes DECIMAL(24, 6), AS_QteCom DECIMAL(24, 6),
  AS_QtePrepa DECIMAL(24, 6)
);
CREATE TABLE dbo.F_DEPOT (DE_No INTEGER, DE_Intitule VARCHAR);
CREATE TABLE dbo.F_DOCENTETE (
  DO_Domaine INTEGER DEFAULT 0, DO_Type INTEGER, DO_Piece VARCHAR, DO_Date TIMESTAMP, DO_Tiers VARCHAR DEFAULT 'C1',
  DO_Provenance INTEGER DEFAULT 0, DO_TotalHTNet DECIMAL(24, 6), DO_TotalTTC DECIMAL(24, 6),
  DO_NetAPayer DECIMAL(24, 6), DO_MontantRegle DECIMAL(24, 6) DEFAULT 0, cbModification TIMESTAMP
);
CREATE TABLE dbo.F_DOCLIGNE (
  DL_No INTEGER, DO_Domaine INTEGER DEFAULT 0, DO_Type INTEGER, DO_Piece VARCHAR, DL_PieceBC VARCHAR DEFAULT '',
  DO_Date TIMESTAMP, DL_DateBC TIMESTAMP DEFAULT '1753-01-01', DL_DateBL TIMESTAMP DEFAULT '1753-01-01',
  DO_DateLivr TIMESTAMP DEFAULT '1753-01-01', CT_Num VARCHAR DEFAULT 'C1', DO_Ref VARCHAR DEFAULT '',
  CO_No INTEGER DEFAULT 0, DE_No INTEGER DEFAULT 1, AR_Ref VARCHAR DEFAULT 'A', AG_No1 INTEGER DEFAULT 0,
  AG_No2 INTEGER DEFAULT 0, DL_Design VARCHAR DEFAULT 'Théière', DL_Qte DECIMAL(24, 6), DL_QteBC DECIMAL(24, 6),
  DL_PrixUnitaire DECIMAL(24, 6) DEFAULT 12, DL_Remise01REM_Valeur DECIMAL(24, 6) DEFAULT 0,
  DL_Remise02REM_Valeur DECIMAL(24, 6) DEFAULT 0, DL_Remise03REM_Valeur DECIMAL(24, 6) DEFAULT 0,
  DL_MontantHT DECIMAL(24, 6), DL_MontantTTC DECIMAL(24, 6), DL_TypeTaux1 INTEGER DEFAULT 0,
  DL_Taxe1 DECIMAL(24, 6) DEFAULT 20, DL_PrixRU DECIMAL(24, 6) DEFAULT 7, DL_CMUP DECIMAL(24, 6) DEFAULT 6.5,
  DL_TTC INTEGER DEFAULT 0, DL_FactPoids INTEGER DEFAULT 0, DL_TRemPied INTEGER DEFAULT 0,
  DL_TRemExep INTEGER DEFAULT 0, DL_Valorise INTEGER DEFAULT 1, DL_NonLivre INTEGER DEFAULT 0,
  cbModification TIMESTAMP DEFAULT '2026-02-01 10:00:00'
);
CREATE TABLE dbo.F_DOCREGL (DO_Domaine INTEGER DEFAULT 0, DO_Type INTEGER, DO_Piece VARCHAR, DR_Date TIMESTAMP);
CREATE TABLE dbo.F_CREGLEMENT (RG_No INTEGER, RG_Date TIMESTAMP, N_Reglement INTEGER, cbModification TIMESTAMP);
CREATE TABLE dbo.F_REGLECH (
  cbMarq INTEGER, RG_No INTEGER, DO_Domaine INTEGER DEFAULT 0, DO_Type INTEGER, DO_Piece VARCHAR,
  RC_Montant DECIMAL(24, 6), cbModification TIMESTAMP
);
CREATE TABLE dbo.P_REGLEMENT (cbIndice INTEGER, R_Intitule VARCHAR);

INSERT INTO dbo.F_COMPTET VALUES
  ('C1', 0, 'Café Démo SARL', 'FRANCE', 'FR00123456789', 0, '2024-05-03', 'achat@example.com'),
  ('C2', 0, 'Client 017', 'BELGIQUE', '', 1, '1753-01-01', ''),
  ('F1', 1, 'Poterie du Lac', 'FRANCE', '', 0, '2023-01-01', '');
INSERT INTO dbo.F_PAYS VALUES ('FRANCE', 'FR'), ('BELGIQUE', 'BE');
INSERT INTO dbo.F_FAMILLE VALUES ('THE', 'Thés et théières');
INSERT INTO dbo.F_ARTICLE VALUES
  ('A', 'Théière', 'THE', 6.5, 12, 0, '3760000000017'), ('B', 'Bouilloire', 'THE', 0, 50, 1, '');
INSERT INTO dbo.F_ARTFOURNISS VALUES ('A', 'F1');
INSERT INTO dbo.F_DEPOT VALUES (1, 'Dépôt principal');
INSERT INTO dbo.F_ARTSTOCK VALUES ('A', 1, 40, 7, 25, 3);

-- BC1: an open order, promised; a line with a discount of 10 %.
INSERT INTO dbo.F_DOCENTETE (DO_Type, DO_Piece, DO_Date, cbModification)
VALUES (1, 'BC1', '2026-01-05', '2026-02-01 10:00:00');
INSERT INTO dbo.F_DOCLIGNE
  (DL_No, DO_Type, DO_Piece, DO_Date, DO_DateLivr, DO_Ref, CO_No, DL_Qte, DL_QteBC, DL_MontantHT, DL_MontantTTC)
VALUES (1, 1, 'BC1', '2026-01-05', '2026-01-20', 'WEB-1', 4, 10, 10, 120, 144);
INSERT INTO dbo.F_DOCLIGNE
  (DL_No, DO_Type, DO_Piece, DO_Date, DO_Ref, CO_No, AR_Ref, AG_No1, DL_Design, DL_Qte, DL_QteBC, DL_PrixUnitaire,
   DL_Remise01REM_Valeur, DL_MontantHT, DL_MontantTTC)
VALUES (2, 1, 'BC1', '2026-01-05', 'WEB-1', 4, 'B', 3, 'Bouilloire', 1, 1, 50, 10, 45, 54);

-- BC2: delivered, invoiced and posted: no row of type 1 is left of it.
INSERT INTO dbo.F_DOCENTETE (DO_Type, DO_Piece, DO_Date, DO_TotalHTNet, DO_TotalTTC, DO_NetAPayer, DO_MontantRegle, cbModification)
VALUES (7, 'FA1', '2026-01-20', 65, 78, 78, 78, '2026-01-21 09:00:00');
INSERT INTO dbo.F_DOCLIGNE
  (DL_No, DO_Type, DO_Piece, DL_PieceBC, DO_Date, DL_DateBC, DL_DateBL, DL_Qte, DL_QteBC, DL_MontantHT, DL_MontantTTC, cbModification)
VALUES (3, 7, 'FA1', 'BC2', '2026-01-20', '2026-01-10', '2026-01-15', 5, 5, 60, 72, '2026-01-20 09:00:00');

-- BC3: 4 of 10 delivered; both rows name the whole order.
INSERT INTO dbo.F_DOCLIGNE
  (DL_No, DO_Type, DO_Piece, DL_PieceBC, DO_Date, DL_DateBC, DL_Qte, DL_QteBC, DL_MontantHT, DL_MontantTTC)
VALUES (4, 1, 'BC3', '', '2026-01-11', '1753-01-01', 6, 10, 72, 86.4),
       (5, 3, 'BL3', 'BC3', '2026-01-16', '2026-01-11', 4, 10, 48, 57.6);

-- BC4: 3 of 10 delivered and invoiced; each row names its part.
INSERT INTO dbo.F_DOCENTETE (DO_Type, DO_Piece, DO_Date, DO_TotalHTNet, DO_TotalTTC, DO_NetAPayer, cbModification)
VALUES (6, 'FA2', '2026-01-22', 36, 43.2, 43.2, '2026-02-01 10:00:00');
INSERT INTO dbo.F_DOCLIGNE
  (DL_No, DO_Type, DO_Piece, DL_PieceBC, DO_Date, DL_DateBC, DL_DateBL, DL_Qte, DL_QteBC, DL_MontantHT, DL_MontantTTC)
VALUES (6, 1, 'BC4', '', '2026-01-12', '1753-01-01', '1753-01-01', 7, 7, 84, 100.8),
       (7, 6, 'FA2', 'BC4', '2026-01-22', '2026-01-12', '2026-01-18', 3, 3, 36, 43.2);

-- BC5: 9 of 10 delivered and nothing left to deliver.
INSERT INTO dbo.F_DOCLIGNE
  (DL_No, DO_Type, DO_Piece, DL_PieceBC, DO_Date, DL_DateBC, DL_Qte, DL_QteBC, DL_MontantHT, DL_MontantTTC, cbModification)
VALUES (8, 3, 'BL5', 'BC5', '2026-01-25', '2026-01-13', 9, 10, 108, 129.6, '2026-01-25 10:00:00');

-- BC6: in preparation. BC1 is also the number of a quote.
INSERT INTO dbo.F_DOCLIGNE
  (DL_No, DO_Type, DO_Piece, DL_PieceBC, DO_Date, DL_DateBC, DL_Qte, DL_QteBC, DL_MontantHT, DL_MontantTTC)
VALUES (9, 2, 'PL6', 'BC6', '2026-01-14', '2026-01-14', 2, 2, 24, 28.8),
       (10, 0, 'BC1', '', '2026-01-15', '1753-01-01', 1, 0, 12, 14.4);

-- FA3: an invoice without an order, with a discount at the foot; its other rows do not count: a component, a line that
-- was not delivered, an exceptional discount, a text.
INSERT INTO dbo.F_DOCENTETE (DO_Type, DO_Piece, DO_Date, DO_Tiers, DO_TotalHTNet, DO_TotalTTC, DO_NetAPayer, DO_MontantRegle, cbModification)
VALUES (6, 'FA3', '2026-02-02', 'C2', 19, 22.8, 22.8, 10, '2026-02-02 10:00:00');
INSERT INTO dbo.F_DOCLIGNE
  (DL_No, DO_Type, DO_Piece, DO_Date, CT_Num, AR_Ref, DL_Design, DL_Qte, DL_QteBC, DL_MontantHT, DL_MontantTTC,
   DL_TRemPied, DL_TRemExep, DL_Valorise, DL_NonLivre)
VALUES (11, 6, 'FA3', '2026-02-02', 'C2', 'A', 'Théière', 2, 0, 24, 28.8, 0, 0, 1, 0),
       (12, 6, 'FA3', '2026-02-02', 'C2', '', 'Remise de pied', 1, 0, -5, -6, 1, 0, 1, 0),
       (13, 6, 'FA3', '2026-02-02', 'C2', 'A', 'Composant', 1, 0, 12, 14.4, 0, 0, 0, 0),
       (14, 6, 'FA3', '2026-02-02', 'C2', 'A', 'Non livré', 1, 0, 12, 14.4, 0, 0, 1, 1),
       (15, 6, 'FA3', '2026-02-02', 'C2', 'A', 'Exceptionnelle', 1, 0, 12, 14.4, 0, 2, 1, 0),
       (16, 6, 'FA3', '2026-02-02', 'C2', '', 'Merci !', 0, 0, 0, 0, 0, 0, 1, 0);

-- FR1: a return invoice, kept negative, of goods of BC2. FV1: a credit invoice, kept positive. BR1: a return note.
INSERT INTO dbo.F_DOCENTETE (DO_Type, DO_Piece, DO_Date, DO_Provenance, DO_TotalHTNet, DO_TotalTTC, DO_NetAPayer, DO_MontantRegle, cbModification)
VALUES (7, 'FR1', '2026-02-03', 1, -24, -28.8, -28.8, -28.8, '2026-02-03 10:00:00'),
       (6, 'FV1', '2026-02-04', 2, 30, 36, 36, 0, '2026-02-04 10:00:00'),
       (4, 'BR1', '2026-02-05', 0, 12, 14.4, 14.4, 0, '2026-02-05 10:00:00');
INSERT INTO dbo.F_DOCLIGNE
  (DL_No, DO_Type, DO_Piece, DL_PieceBC, DO_Date, DL_DateBC, AR_Ref, DL_Qte, DL_QteBC, DL_MontantHT, DL_MontantTTC)
VALUES (17, 7, 'FR1', 'BC2', '2026-02-03', '2026-01-10', 'A', -2, 0, -24, -28.8),
       (18, 6, 'FV1', '', '2026-02-04', '1753-01-01', 'B', 0.6, 0, 30, 36),
       (19, 4, 'BR1', 'BC2', '2026-02-05', '2026-01-10', 'A', 1, 0, 12, 14.4);

INSERT INTO dbo.F_DOCREGL (DO_Type, DO_Piece, DR_Date)
VALUES (7, 'FA1', '2026-02-19'), (7, 'FA1', '2026-03-19'), (6, 'FA3', '1753-01-01');
INSERT INTO dbo.P_REGLEMENT VALUES (1, 'Virement');
INSERT INTO dbo.F_CREGLEMENT VALUES
  (1, '2026-02-10', 1, '2026-02-10 08:00:00'), (2, '2026-02-11', 1, '2026-02-11 08:00:00'),
  (3, '2026-01-06', 0, '2026-01-06 08:00:00');
INSERT INTO dbo.F_REGLECH VALUES
  (1, 1, 0, 7, 'FA1', 78, '2026-02-10 08:00:01'), (2, 2, 0, 6, 'FA3', 10, '2026-02-11 08:00:01'),
  (3, 3, 0, 1, 'BC1', 50, '2026-01-06 08:00:01'), (4, 3, 1, 17, 'X', 9, '2026-01-06 08:00:01');

-- Purchases: one ordered, one received in part, one invoiced.
INSERT INTO dbo.F_DOCLIGNE
  (DL_No, DO_Domaine, DO_Type, DO_Piece, DL_PieceBC, DO_Date, DL_DateBC, DL_DateBL, DO_DateLivr, CT_Num, DL_Qte, DL_QteBC,
   DL_PrixUnitaire, DL_PrixRU, DL_MontantHT, DL_MontantTTC)
VALUES (30, 1, 12, 'CF1', '', '2026-01-02', '1753-01-01', '1753-01-01', '2026-01-30', 'F1', 20, 20, 6.5, 0, 130, 156),
       (31, 1, 12, 'CF2', '', '2026-01-03', '1753-01-01', '1753-01-01', '1753-01-01', 'F1', 5, 15, 6.5, 0, 32.5, 39),
       (32, 1, 13, 'BF2', 'CF2', '2026-01-09', '2026-01-03', '1753-01-01', '1753-01-01', 'F1', 10, 15, 6.5, 6.6, 65, 78),
       (33, 1, 17, 'FF3', 'CF3', '2026-01-20', '2026-01-04', '2026-01-12', '1753-01-01', 'F1', 8, 9, 6.5, 6.6, 52, 62.4);

-- Values of fixed width.
UPDATE dbo.F_COMPTET SET CT_Num = rpad(CT_Num, 17, ' '), CT_Intitule = rpad(CT_Intitule, 35, ' '),
  CT_Pays = rpad(CT_Pays, 35, ' '), CT_Identifiant = rpad(CT_Identifiant, 25, ' '), CT_EMail = rpad(CT_EMail, 69, ' ');
UPDATE dbo.F_PAYS SET PA_Intitule = rpad(PA_Intitule, 35, ' '), PA_CodeISO2 = rpad(PA_CodeISO2, 3, ' ');
UPDATE dbo.F_ARTICLE SET AR_Ref = rpad(AR_Ref, 19, ' '), AR_Design = rpad(AR_Design, 69, ' '),
  AR_CodeBarre = rpad(AR_CodeBarre, 19, ' ');
UPDATE dbo.F_ARTFOURNISS SET AR_Ref = rpad(AR_Ref, 19, ' '), CT_Num = rpad(CT_Num, 17, ' ');
UPDATE dbo.F_ARTSTOCK SET AR_Ref = rpad(AR_Ref, 19, ' ');
UPDATE dbo.F_DOCENTETE SET DO_Piece = rpad(DO_Piece, 13, ' '), DO_Tiers = rpad(DO_Tiers, 17, ' ');
UPDATE dbo.F_DOCLIGNE SET DO_Piece = rpad(DO_Piece, 13, ' '), DL_PieceBC = rpad(DL_PieceBC, 13, ' '),
  CT_Num = rpad(CT_Num, 17, ' '), DO_Ref = rpad(DO_Ref, 17, ' '), AR_Ref = rpad(AR_Ref, 19, ' '),
  DL_Design = rpad(DL_Design, 69, ' ');
UPDATE dbo.F_DOCREGL SET DO_Piece = rpad(DO_Piece, 13, ' ');
UPDATE dbo.F_REGLECH SET DO_Piece = rpad(DO_Piece, 13, ' ');
