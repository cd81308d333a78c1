-- SAP Business One as the public facts have it, with a small invented company. One case per trap.
CREATE SCHEMA dbo;
CREATE TABLE dbo.ORDR (
  DocEntry INTEGER, DocNum INTEGER, CANCELED VARCHAR DEFAULT 'N', DocStatus VARCHAR DEFAULT 'O', DocDate TIMESTAMP,
  DocDueDate TIMESTAMP, CardCode VARCHAR DEFAULT 'C1', NumAtCard VARCHAR, SlpCode INTEGER DEFAULT -1,
  DocCur VARCHAR DEFAULT 'EUR', DocRate DECIMAL(19, 6) DEFAULT 1, DocTotal DECIMAL(19, 6), DocTotalFC DECIMAL(19, 6) DEFAULT 0,
  VatSum DECIMAL(19, 6), VatSumFC DECIMAL(19, 6) DEFAULT 0, DiscPrcnt DECIMAL(19, 6) DEFAULT 0,
  PaidToDate DECIMAL(19, 6) DEFAULT 0, PaidFC DECIMAL(19, 6) DEFAULT 0, CreateDate TIMESTAMP DEFAULT '2026-01-05',
  CreateTS INTEGER DEFAULT 80000, UpdateDate TIMESTAMP DEFAULT '2026-02-01', UpdateTS INTEGER DEFAULT 93005
);
CREATE TABLE dbo.RDR1 (
  DocEntry INTEGER, LineNum INTEGER, ItemCode VARCHAR DEFAULT 'A', Dscription VARCHAR DEFAULT 'Théière',
  Quantity DECIMAL(19, 6), NumPerMsr DECIMAL(19, 6) DEFAULT 1, PriceBefDi DECIMAL(19, 6), Price DECIMAL(19, 6),
  Currency VARCHAR DEFAULT 'EUR',
  DiscPrcnt DECIMAL(19, 6) DEFAULT 0, LineTotal DECIMAL(19, 6), TotalFrgn DECIMAL(19, 6) DEFAULT 0, VatSum DECIMAL(19, 6),
  VatSumFrgn DECIMAL(19, 6) DEFAULT 0, VatPrcnt DECIMAL(19, 6) DEFAULT 20, StockPrice DECIMAL(19, 6) DEFAULT 6,
  WhsCode VARCHAR DEFAULT '01', ShipDate TIMESTAMP, BaseType INTEGER DEFAULT -1, BaseEntry INTEGER, BaseLine INTEGER
);
CREATE TABLE dbo.OQUT (
  DocEntry INTEGER, DocNum INTEGER, CANCELED VARCHAR DEFAULT 'N', DocStatus VARCHAR DEFAULT 'O', DocDate TIMESTAMP,
  DocDueDate TIMESTAMP, CardCode VARCHAR DEFAULT 'C1', NumAtCard VARCHAR, SlpCode INTEGER DEFAULT -1,
  DocCur VARCHAR DEFAULT 'EUR', DocRate DECIMAL(19, 6) DEFAULT 1, DocTotal DECIMAL(19, 6), DocTotalFC DECIMAL(19, 6) DEFAULT 0,
  VatSum DECIMAL(19, 6), VatSumFC DECIMAL(19, 6) DEFAULT 0, DiscPrcnt DECIMAL(19, 6) DEFAULT 0,
  PaidToDate DECIMAL(19, 6) DEFAULT 0, PaidFC DECIMAL(19, 6) DEFAULT 0, CreateDate TIMESTAMP DEFAULT '2026-01-05',
  CreateTS INTEGER DEFAULT 80000, UpdateDate TIMESTAMP DEFAULT '2026-02-01', UpdateTS INTEGER DEFAULT 93005
);
CREATE TABLE dbo.OINV (
  DocEntry INTEGER, DocNum INTEGER, CANCELED VARCHAR DEFAULT 'N', DocStatus VARCHAR DEFAULT 'O', DocDate TIMESTAMP,
  DocDueDate TIMESTAMP, CardCode VARCHAR DEFAULT 'C1', NumAtCard VARCHAR, SlpCode INTEGER DEFAULT -1,
  DocCur VARCHAR DEFAULT 'EUR', DocRate DECIMAL(19, 6) DEFAULT 1, DocTotal DECIMAL(19, 6), DocTotalFC DECIMAL(19, 6) DEFAULT 0,
  VatSum DECIMAL(19, 6), VatSumFC DECIMAL(19, 6) DEFAULT 0, DiscPrcnt DECIMAL(19, 6) DEFAULT 0,
  PaidToDate DECIMAL(19, 6) DEFAULT 0, PaidFC DECIMAL(19, 6) DEFAULT 0, CreateDate TIMESTAMP DEFAULT '2026-01-05',
  CreateTS INTEGER DEFAULT 80000, UpdateDate TIMESTAMP DEFAULT '2026-02-01', UpdateTS INTEGER DEFAULT 93005
);
CREATE TABLE dbo.ORIN (
  DocEntry INTEGER, DocNum INTEGER, CANCELED VARCHAR DEFAULT 'N', DocStatus VARCHAR DEFAULT 'O', DocDate TIMESTAMP,
  DocDueDate TIMESTAMP, CardCode VARCHAR DEFAULT 'C1', NumAtCard VARCHAR, SlpCode INTEGER DEFAULT -1,
  DocCur VARCHAR DEFAULT 'EUR', DocRate DECIMAL(19, 6) DEFAULT 1, DocTotal DECIMAL(19, 6), DocTotalFC DECIMAL(19, 6) DEFAULT 0,
  VatSum DECIMAL(19, 6), VatSumFC DECIMAL(19, 6) DEFAULT 0, DiscPrcnt DECIMAL(19, 6) DEFAULT 0,
  PaidToDate DECIMAL(19, 6) DEFAULT 0, PaidFC DECIMAL(19, 6) DEFAULT 0, CreateDate TIMESTAMP DEFAULT '2026-01-05',
  CreateTS INTEGER DEFAULT 80000, UpdateDate TIMESTAMP DEFAULT '2026-02-01', UpdateTS INTEGER DEFAULT 93005
);
CREATE TABLE dbo.OPOR (
  DocEntry INTEGER, DocNum INTEGER, CANCELED VARCHAR DEFAULT 'N', DocStatus VARCHAR DEFAULT 'O', DocDate TIMESTAMP,
  DocDueDate TIMESTAMP, CardCode VARCHAR DEFAULT 'C1', NumAtCard VARCHAR, SlpCode INTEGER DEFAULT -1,
  DocCur VARCHAR DEFAULT 'EUR', DocRate DECIMAL(19, 6) DEFAULT 1, DocTotal DECIMAL(19, 6), DocTotalFC DECIMAL(19, 6) DEFAULT 0,
  VatSum DECIMAL(19, 6), VatSumFC DECIMAL(19, 6) DEFAULT 0, DiscPrcnt DECIMAL(19, 6) DEFAULT 0,
  PaidToDate DECIMAL(19, 6) DEFAULT 0, PaidFC DECIMAL(19, 6) DEFAULT 0, CreateDate TIMESTAMP DEFAULT '2026-01-05',
  CreateTS INTEGER DEFAULT 80000, UpdateDate TIMESTAMP DEFAULT '2026-02-01', UpdateTS INTEGER DEFAULT 93005
);
CREATE TABLE dbo.ODLN (
  DocEntry INTEGER, DocNum INTEGER, CANCELED VARCHAR DEFAULT 'N', DocStatus VARCHAR DEFAULT 'O', DocDate TIMESTAMP,
  DocDueDate TIMESTAMP, CardCode VARCHAR DEFAULT 'C1', NumAtCard VARCHAR, SlpCode INTEGER DEFAULT -1,
  DocCur VARCHAR DEFAULT 'EUR', DocRate DECIMAL(19, 6) DEFAULT 1, DocTotal DECIMAL(19, 6), DocTotalFC DECIMAL(19, 6) DEFAULT 0,
  VatSum DECIMAL(19, 6), VatSumFC DECIMAL(19, 6) DEFAULT 0, DiscPrcnt DECIMAL(19, 6) DEFAULT 0,
  PaidToDate DECIMAL(19, 6) DEFAULT 0, PaidFC DECIMAL(19, 6) DEFAULT 0, CreateDate TIMESTAMP DEFAULT '2026-01-05',
  CreateTS INTEGER DEFAULT 80000, UpdateDate TIMESTAMP DEFAULT '2026-02-01', UpdateTS INTEGER DEFAULT 93005
);
CREATE TABLE dbo.OPDN (
  DocEntry INTEGER, DocNum INTEGER, CANCELED VARCHAR DEFAULT 'N', DocStatus VARCHAR DEFAULT 'O', DocDate TIMESTAMP,
  DocDueDate TIMESTAMP, CardCode VARCHAR DEFAULT 'C1', NumAtCard VARCHAR, SlpCode INTEGER DEFAULT -1,
  DocCur VARCHAR DEFAULT 'EUR', DocRate DECIMAL(19, 6) DEFAULT 1, DocTotal DECIMAL(19, 6), DocTotalFC DECIMAL(19, 6) DEFAULT 0,
  VatSum DECIMAL(19, 6), VatSumFC DECIMAL(19, 6) DEFAULT 0, DiscPrcnt DECIMAL(19, 6) DEFAULT 0,
  PaidToDate DECIMAL(19, 6) DEFAULT 0, PaidFC DECIMAL(19, 6) DEFAULT 0, CreateDate TIMESTAMP DEFAULT '2026-01-05',
  CreateTS INTEGER DEFAULT 80000, UpdateDate TIMESTAMP DEFAULT '2026-02-01', UpdateTS INTEGER DEFAULT 93005
);
CREATE TABLE dbo.QUT1 (
  DocEntry INTEGER, LineNum INTEGER, ItemCode VARCHAR DEFAULT 'A', Dscription VARCHAR DEFAULT 'Théière',
  Quantity DECIMAL(19, 6), NumPerMsr DECIMAL(19, 6) DEFAULT 1, PriceBefDi DECIMAL(19, 6), Price DECIMAL(19, 6),
  Currency VARCHAR DEFAULT 'EUR',
  DiscPrcnt DECIMAL(19, 6) DEFAULT 0, LineTotal DECIMAL(19, 6), TotalFrgn DECIMAL(19, 6) DEFAULT 0, VatSum DECIMAL(19, 6),
  VatSumFrgn DECIMAL(19, 6) DEFAULT 0, VatPrcnt DECIMAL(19, 6) DEFAULT 20, StockPrice DECIMAL(19, 6) DEFAULT 6,
  WhsCode VARCHAR DEFAULT '01', ShipDate TIMESTAMP, BaseType INTEGER DEFAULT -1, BaseEntry INTEGER, BaseLine INTEGER
);
CREATE TABLE dbo.INV1 (
  DocEntry INTEGER, LineNum INTEGER, ItemCode VARCHAR DEFAULT 'A', Dscription VARCHAR DEFAULT 'Théière',
  Quantity DECIMAL(19, 6), NumPerMsr DECIMAL(19, 6) DEFAULT 1, PriceBefDi DECIMAL(19, 6), Price DECIMAL(19, 6),
  Currency VARCHAR DEFAULT 'EUR',
  DiscPrcnt DECIMAL(19, 6) DEFAULT 0, LineTotal DECIMAL(19, 6), TotalFrgn DECIMAL(19, 6) DEFAULT 0, VatSum DECIMAL(19, 6),
  VatSumFrgn DECIMAL(19, 6) DEFAULT 0, VatPrcnt DECIMAL(19, 6) DEFAULT 20, StockPrice DECIMAL(19, 6) DEFAULT 6,
  WhsCode VARCHAR DEFAULT '01', ShipDate TIMESTAMP, BaseType INTEGER DEFAULT -1, BaseEntry INTEGER, BaseLine INTEGER
);
CREATE TABLE dbo.RIN1 (
  DocEntry INTEGER, LineNum INTEGER, ItemCode VARCHAR DEFAULT 'A', Dscription VARCHAR DEFAULT 'Théière',
  Quantity DECIMAL(19, 6), NumPerMsr DECIMAL(19, 6) DEFAULT 1, PriceBefDi DECIMAL(19, 6), Price DECIMAL(19, 6),
  Currency VARCHAR DEFAULT 'EUR',
  DiscPrcnt DECIMAL(19, 6) DEFAULT 0, LineTotal DECIMAL(19, 6), TotalFrgn DECIMAL(19, 6) DEFAULT 0, VatSum DECIMAL(19, 6),
  VatSumFrgn DECIMAL(19, 6) DEFAULT 0, VatPrcnt DECIMAL(19, 6) DEFAULT 20, StockPrice DECIMAL(19, 6) DEFAULT 6,
  WhsCode VARCHAR DEFAULT '01', ShipDate TIMESTAMP, BaseType INTEGER DEFAULT -1, BaseEntry INTEGER, BaseLine INTEGER
);
CREATE TABLE dbo.POR1 (
  DocEntry INTEGER, LineNum INTEGER, ItemCode VARCHAR DEFAULT 'A', Dscription VARCHAR DEFAULT 'Théière',
  Quantity DECIMAL(19, 6), NumPerMsr DECIMAL(19, 6) DEFAULT 1, PriceBefDi DECIMAL(19, 6), Price DECIMAL(19, 6),
  Currency VARCHAR DEFAULT 'EUR',
  DiscPrcnt DECIMAL(19, 6) DEFAULT 0, LineTotal DECIMAL(19, 6), TotalFrgn DECIMAL(19, 6) DEFAULT 0, VatSum DECIMAL(19, 6),
  VatSumFrgn DECIMAL(19, 6) DEFAULT 0, VatPrcnt DECIMAL(19, 6) DEFAULT 20, StockPrice DECIMAL(19, 6) DEFAULT 6,
  WhsCode VARCHAR DEFAULT '01', ShipDate TIMESTAMP, BaseType INTEGER DEFAULT -1, BaseEntry INTEGER, BaseLine INTEGER
);
CREATE TABLE dbo.DLN1 (
  DocEntry INTEGER, LineNum INTEGER, ItemCode VARCHAR DEFAULT 'A', Dscription VARCHAR DEFAULT 'Théière',
  Quantity DECIMAL(19, 6), NumPerMsr DECIMAL(19, 6) DEFAULT 1, PriceBefDi DECIMAL(19, 6), Price DECIMAL(19, 6),
  Currency VARCHAR DEFAULT 'EUR',
  DiscPrcnt DECIMAL(19, 6) DEFAULT 0, LineTotal DECIMAL(19, 6), TotalFrgn DECIMAL(19, 6) DEFAULT 0, VatSum DECIMAL(19, 6),
  VatSumFrgn DECIMAL(19, 6) DEFAULT 0, VatPrcnt DECIMAL(19, 6) DEFAULT 20, StockPrice DECIMAL(19, 6) DEFAULT 6,
  WhsCode VARCHAR DEFAULT '01', ShipDate TIMESTAMP, BaseType INTEGER DEFAULT -1, BaseEntry INTEGER, BaseLine INTEGER
);
CREATE TABLE dbo.PDN1 (
  DocEntry INTEGER, LineNum INTEGER, ItemCode VARCHAR DEFAULT 'A', Dscription VARCHAR DEFAULT 'Théière',
  Quantity DECIMAL(19, 6), NumPerMsr DECIMAL(19, 6) DEFAULT 1, PriceBefDi DECIMAL(19, 6), Price DECIMAL(19, 6),
  Currency VARCHAR DEFAULT 'EUR',
  DiscPrcnt DECIMAL(19, 6) DEFAULT 0, LineTotal DECIMAL(19, 6), TotalFrgn DECIMAL(19, 6) DEFAULT 0, VatSum DECIMAL(19, 6),
  VatSumFrgn DECIMAL(19, 6) DEFAULT 0, VatPrcnt DECIMAL(19, 6) DEFAULT 20, StockPrice DECIMAL(19, 6) DEFAULT 6,
  WhsCode VARCHAR DEFAULT '01', ShipDate TIMESTAMP, BaseType INTEGER DEFAULT -1, BaseEntry INTEGER, BaseLine INTEGER
);
CREATE TABLE dbo.RDR3 (DocEntry INTEGER, LineTotal DECIMAL(19, 6), TotalFrgn DECIMAL(19, 6) DEFAULT 0);
CREATE TABLE dbo.RDR12 (DocEntry INTEGER, CountryS VARCHAR);
CREATE TABLE dbo.QUT3 AS FROM dbo.RDR3;
CREATE TABLE dbo.RIN3 AS FROM dbo.RDR3;
CREATE TABLE dbo.OCRD (
  CardCode VARCHAR, CardName VARCHAR, CardType VARCHAR, CmpPrivate VARCHAR DEFAULT 'C', Country VARCHAR DEFAULT 'FR',
  CreateDate TIMESTAMP DEFAULT '2024-03-01', E_Mail VARCHAR, LicTradNum VARCHAR, frozenFor VARCHAR DEFAULT 'N'
);
CREATE TABLE dbo.OITM (
  ItemCode VARCHAR, ItemName VARCHAR, ItmsGrpCod INTEGER, CodeBars VARCHAR, CardCode VARCHAR, AvgPrice DECIMAL(19, 6),
  frozenFor VARCHAR DEFAULT 'N', CreateDate TIMESTAMP DEFAULT '2024-03-01'
);
CREATE TABLE dbo.OITB (ItmsGrpCod INTEGER, ItmsGrpNam VARCHAR);
CREATE TABLE dbo.OITW (ItemCode VARCHAR, WhsCode VARCHAR, OnHand DECIMAL(19, 6), IsCommited DECIMAL(19, 6), OnOrder DECIMAL(19, 6));
CREATE TABLE dbo.OWHS (WhsCode VARCHAR, WhsName VARCHAR);
CREATE TABLE dbo.OINM (
  TransNum INTEGER, TransType INTEGER, ItemCode VARCHAR, Warehouse VARCHAR, DocDate TIMESTAMP, InQty DECIMAL(19, 6),
  OutQty DECIMAL(19, 6)
);
CREATE TABLE dbo.ORCT (
  DocEntry INTEGER, DocDate TIMESTAMP, Canceled VARCHAR DEFAULT 'N', TrsfrSum DECIMAL(19, 6) DEFAULT 0,
  CreateDate TIMESTAMP, UpdateDate TIMESTAMP
);
CREATE TABLE dbo.RCT2 (
  DocNum INTEGER, InvType INTEGER, DocEntry INTEGER, InstId INTEGER DEFAULT 1, SumApplied DECIMAL(19, 6),
  AppliedFC DECIMAL(19, 6) DEFAULT 0
);
CREATE TABLE dbo.ORTT (RateDate TIMESTAMP, Currency VARCHAR, Rate DECIMAL(19, 6));

INSERT INTO dbo.OCRD (CardCode, CardName, CardType, CmpPrivate, Country, E_Mail, LicTradNum, frozenFor) VALUES
  ('C1', 'Café Démo SARL', 'C', 'C', 'FR', 'achat@example.com', 'FR00123456789', 'N'),
  ('C2', 'Client 017', 'C', 'I', 'US', NULL, NULL, 'Y'),
  ('L1', 'Prospect', 'L', 'C', 'FR', NULL, NULL, 'N'), ('S1', 'Poterie du Lac', 'S', 'C', 'IT', NULL, NULL, 'N');
INSERT INTO dbo.OITB VALUES (100, 'Thés');
INSERT INTO dbo.OITM (ItemCode, ItemName, ItmsGrpCod, CodeBars, CardCode, AvgPrice, frozenFor) VALUES
  ('A', 'Théière', 100, '3760000000017', 'S1', 6, 'N'), ('B', 'Bouilloire', 100, '', NULL, 0, 'Y');
INSERT INTO dbo.OWHS VALUES ('01', 'Entrepôt');
INSERT INTO dbo.OITW VALUES ('A', '01', 40, 6, 20);
INSERT INTO dbo.ORTT VALUES ('2026-01-10', 'USD', 0.9);

-- Order 1: a line at half price, a discount of 10 % on the whole, freight. Quote 1 has the same DocEntry.
INSERT INTO dbo.ORDR (DocEntry, DocNum, DocDate, DocDueDate, NumAtCard, SlpCode, DocTotal, VatSum, DiscPrcnt)
VALUES (1, 1001, '2026-01-05', '2026-01-20', 'WEB-1', 4, 86.4, 14.4, 10);
INSERT INTO dbo.RDR1 (DocEntry, LineNum, ItemCode, Quantity, PriceBefDi, Price, DiscPrcnt, LineTotal, VatSum)
VALUES (1, 0, 'A', 3, 10, 10, 0, 30, 5.4), (1, 1, 'B', 1, 66.66, 33.33, 50, 33.33, 6);
INSERT INTO dbo.RDR3 VALUES (1, 15, 0);
INSERT INTO dbo.OQUT (DocEntry, DocNum, DocStatus, DocDate, DocTotal, VatSum, UpdateDate, UpdateTS)
VALUES (1, 501, 'C', '2026-01-03', 12, 2, NULL, NULL);
INSERT INTO dbo.QUT1 (DocEntry, LineNum, Quantity, PriceBefDi, Price, LineTotal, VatSum) VALUES (1, 0, 1, 10, 10, 10, 2);

-- Order 2, in dollars, by cartons of two, shipped to another country: 4 of 10 pieces were delivered; another delivery was
-- cancelled.
INSERT INTO dbo.ORDR
  (DocEntry, DocNum, DocDate, CardCode, DocCur, DocRate, DocTotal, DocTotalFC, VatSum, VatSumFC, UpdateDate, UpdateTS)
VALUES (2, 1002, '2026-01-10', 'C2', 'USD', 0.9, 108, 120, 18, 20, '2026-02-01', 5);
INSERT INTO dbo.RDR1
  (DocEntry, LineNum, Quantity, NumPerMsr, PriceBefDi, Price, Currency, LineTotal, TotalFrgn, VatSum, VatSumFrgn)
VALUES (2, 0, 5, 2, 20, 20, 'USD', 90, 100, 18, 20);
INSERT INTO dbo.RDR12 VALUES (2, 'CA');
INSERT INTO dbo.ODLN (DocEntry, DocNum, DocDate, CANCELED) VALUES (1, 1, '2026-01-12', 'N'), (2, 2, '2026-01-13', 'Y');
INSERT INTO dbo.DLN1 (DocEntry, LineNum, Quantity, NumPerMsr, BaseType, BaseEntry, BaseLine)
VALUES (1, 0, 2, 2, 17, 2, 0), (2, 0, 3, 2, 17, 2, 0);

-- Order 3 was cancelled; 4 is what cancels it.
INSERT INTO dbo.ORDR (DocEntry, DocNum, CANCELED, DocStatus, DocDate, DocTotal, VatSum, UpdateDate)
VALUES (3, 1003, 'Y', 'C', '2026-01-11', 60, 10, '2026-01-12'), (4, 1004, 'C', 'C', '2026-01-11', 60, 10, '2026-01-12');
INSERT INTO dbo.RDR1 (DocEntry, LineNum, Quantity, PriceBefDi, Price, LineTotal, VatSum)
VALUES (3, 0, 5, 10, 10, 50, 10), (4, 0, 5, 10, 10, 50, 10);

-- Order 5 is of a service without an item.
INSERT INTO dbo.ORDR (DocEntry, DocNum, DocDate, DocTotal, VatSum) VALUES (5, 1005, '2026-01-12', 240, 40);
INSERT INTO dbo.RDR1 (DocEntry, LineNum, ItemCode, Dscription, Quantity, PriceBefDi, Price, LineTotal, VatSum)
VALUES (5, 0, NULL, 'Conseil', 0, 0, 0, 200, 40);

-- Invoice 1 comes from the delivery of order 2, 2 from order 1; 3 is cancelled by 4; 5 is a service without an item.
INSERT INTO dbo.OINV
  (DocEntry, DocNum, DocDate, DocDueDate, CardCode, DocCur, DocRate, DocTotal, DocTotalFC, VatSum, VatSumFC, PaidToDate, PaidFC)
VALUES (1, 2001, '2026-01-14', '2026-02-14', 'C2', 'USD', 0.9, 43.2, 48, 7.2, 8, 9, 10);
INSERT INTO dbo.OINV (DocEntry, DocNum, CANCELED, DocStatus, DocDate, DocDueDate, DocTotal, VatSum, PaidToDate) VALUES
  (2, 2002, 'N', 'C', '2026-01-15', '2026-02-15', 36, 6, 36), (3, 2003, 'Y', 'C', '2026-01-16', '2026-02-16', 24, 4, 24),
  (4, 2004, 'C', 'C', '2026-01-16', '2026-02-16', 24, 4, 24), (5, 2005, 'N', 'O', '2026-01-17', '2026-02-17', 240, 40, 0);
UPDATE dbo.OINV SET UpdateDate = '2026-01-17' WHERE DocEntry = 5;
INSERT INTO dbo.INV1
  (DocEntry, LineNum, Quantity, NumPerMsr, PriceBefDi, Price, Currency, LineTotal, TotalFrgn, VatSum, VatSumFrgn,
   BaseType, BaseEntry, BaseLine)
VALUES (1, 0, 2, 2, 20, 20, 'USD', 36, 40, 7.2, 8, 15, 1, 0), (2, 0, 3, 0, 10, 10, 'EUR', 30, 0, 6, 0, 17, 1, 0),
       (3, 0, 2, 1, 10, 10, 'EUR', 20, 0, 4, 0, -1, NULL, NULL), (4, 0, 2, 1, 10, 10, 'EUR', 20, 0, 4, 0, -1, NULL, NULL);
INSERT INTO dbo.INV1 (DocEntry, LineNum, ItemCode, Dscription, Quantity, PriceBefDi, Price, DiscPrcnt, LineTotal, VatSum)
VALUES (5, 0, NULL, 'Conseil', 0, 0, 0, 5, 200, 40);

-- Credit note 1: one of three of invoice 2, and freight; 2 is a credit without an invoice.
INSERT INTO dbo.ORIN (DocEntry, DocNum, DocStatus, DocDate, DocTotal, VatSum, PaidToDate)
VALUES (1, 3001, 'O', '2026-01-25', 18, 3, 0), (2, 3002, 'C', '2026-01-26', 12, 2, 12);
INSERT INTO dbo.RIN1 (DocEntry, LineNum, Quantity, PriceBefDi, Price, LineTotal, VatSum, BaseType, BaseEntry, BaseLine)
VALUES (1, 0, 1, 10, 10, 10, 2, 13, 2, 0), (2, 0, 1, 10, 10, 10, 2, -1, NULL, NULL);
INSERT INTO dbo.RIN3 VALUES (1, 5, 0);

INSERT INTO dbo.ORCT VALUES
  (1, '2026-02-10', 'N', 36, '2026-02-10', NULL), (2, '2026-02-10', 'Y', 24, '2026-02-10', '2026-02-11'),
  (3, '2026-02-11', 'N', 0, '2026-02-11', '2026-02-11');
INSERT INTO dbo.RCT2 (DocNum, InvType, DocEntry, SumApplied, AppliedFC)
VALUES (1, 13, 2, 36, 0), (2, 13, 5, 24, 0), (3, 13, 1, 9, 10), (3, 14, 2, 12, 0);
INSERT INTO dbo.OINM VALUES
  (1, 20, 'A', '01', '2026-01-02', 44, 0), (2, 15, 'A', '01', '2026-01-12', 0, 4), (3, 59, 'A', '01', '2026-01-13', 1, 0),
  (4, 60, 'A', '01', '2026-01-13', 0, 1), (5, 18, 'A', '01', '2026-01-14', 0, 0);

-- A purchase order, by boxes of four, of which 12 of 20 pieces came; the receipt of the rest was cancelled.
INSERT INTO dbo.OPOR (DocEntry, DocNum, DocDate, CardCode, DocTotal, VatSum) VALUES (1, 4001, '2026-01-02', 'S1', 144, 24);
INSERT INTO dbo.POR1 (DocEntry, LineNum, Quantity, NumPerMsr, PriceBefDi, Price, LineTotal, VatSum, ShipDate)
VALUES (1, 0, 5, 4, 24, 24, 120, 24, '2026-01-30');
INSERT INTO dbo.OPDN (DocEntry, DocNum, DocDate, CANCELED) VALUES (1, 1, '2026-01-09', 'N'), (2, 2, '2026-01-10', 'Y');
INSERT INTO dbo.PDN1 (DocEntry, LineNum, Quantity, NumPerMsr, BaseType, BaseEntry, BaseLine)
VALUES (1, 0, 3, 4, 22, 1, 0), (2, 0, 2, 4, 22, 1, 0);
