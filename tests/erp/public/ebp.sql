-- EBP as the public facts have it, with a small invented company. One case per trap. id(12) is …0012.
CREATE MACRO id(n) AS CAST('00000000-0000-0000-0000-' || lpad(CAST(n AS VARCHAR), 12, '0') AS UUID);
CREATE SCHEMA dbo;
CREATE TABLE dbo.Customer (
  Id VARCHAR, Name VARCHAR, NaturalPerson BOOLEAN, MainInvoicingAddress_CountryIsoCode VARCHAR, MainInvoicingContact_Email VARCHAR,
  IntracommunityVATNumber VARCHAR, sysCreatedDate TIMESTAMP, sysModifiedDate TIMESTAMP
);
CREATE TABLE dbo.Supplier (Id VARCHAR, Name VARCHAR, MainInvoicingAddress_CountryIsoCode VARCHAR);
CREATE TABLE dbo.ItemFamily (Id VARCHAR, Caption VARCHAR);
CREATE TABLE dbo.Item (
  Id VARCHAR, Caption VARCHAR, ParentRangeItemId VARCHAR, BarCode VARCHAR, FamilyId VARCHAR, SupplierId VARCHAR,
  Pump DECIMAL(18, 8), CostPrice DECIMAL(18, 8), SalePriceVatExcluded DECIMAL(18, 8), sysCreatedDate TIMESTAMP,
  sysModifiedDate TIMESTAMP
);
CREATE TABLE dbo.Storehouse (Id UUID, Caption VARCHAR);
CREATE TABLE dbo.StockItem (
  ItemId VARCHAR, StorehouseId UUID, RealStock DECIMAL(18, 8), OrderedQuantity DECIMAL(18, 8), SuppliersOrderedQuantity DECIMAL(18, 8)
);
CREATE TABLE dbo.SaleDocument (
  Id UUID, DocumentType SMALLINT, ValidationState SMALLINT DEFAULT 3, DocumentState INTEGER DEFAULT 1, DocumentNumber VARCHAR,
  DocumentDate TIMESTAMP, CustomerId VARCHAR DEFAULT 'C1', ColleagueId VARCHAR DEFAULT '', Reference VARCHAR DEFAULT '',
  DeliveryDate TIMESTAMP, DeliveryAddress_CountryIsoCode VARCHAR DEFAULT '', InvoicingAddress_CountryIsoCode VARCHAR DEFAULT 'FR',
  AmountVatExcludedWithDiscountAndShipping DECIMAL(18, 8), ShippingAmountVatExcluded DECIMAL(18, 8) DEFAULT 0,
  VatAmount DECIMAL(18, 8), AmountVatIncluded DECIMAL(18, 8), CommitmentsBalanceDue DECIMAL(18, 8) DEFAULT 0,
  DiscountRate DECIMAL(18, 8) DEFAULT 0, sysCreatedDate TIMESTAMP DEFAULT '2026-01-05 10:00:00',
  sysModifiedDate TIMESTAMP DEFAULT '2026-01-06 10:00:00'
);
CREATE TABLE dbo.SaleDocumentLine (
  Id UUID, DocumentId UUID, LineType SMALLINT DEFAULT 10, NomenclatureLevel INTEGER DEFAULT 0, ItemId VARCHAR DEFAULT 'A',
  DescriptionClear VARCHAR DEFAULT 'Théière', Quantity DECIMAL(18, 8), SalePriceVatExcluded DECIMAL(18, 8) DEFAULT 12,
  RealNetAmountVatExcludedWithDiscount DECIMAL(18, 8), RealNetAmountVatIncludedWithDiscount DECIMAL(18, 8),
  CostPrice DECIMAL(18, 8) DEFAULT 6, DeliveredQuantity DECIMAL(18, 8), RemainingQuantityToDeliver DECIMAL(18, 8) DEFAULT 0,
  TotalDiscountRate DECIMAL(18, 8) DEFAULT 0, sysCreatedDate TIMESTAMP DEFAULT '2026-01-05 10:00:00', sysModifiedDate TIMESTAMP
);
CREATE TABLE dbo.DocumentLineAssociation (OriginLineId UUID, OriginDocumentType SMALLINT, TransferedLineId UUID);
CREATE TABLE dbo.SaleCommitment (
  Id UUID, DocumentId UUID, DueDate TIMESTAMP, sysCreatedDate TIMESTAMP DEFAULT '2026-01-05 10:00:00', sysModifiedDate TIMESTAMP
);
CREATE TABLE dbo.SaleSettlement (
  Id UUID, SettlementDate TIMESTAMP, PaymentTypeId VARCHAR, IsUnpaid BOOLEAN DEFAULT FALSE,
  sysCreatedDate TIMESTAMP DEFAULT '2026-02-05 10:00:00', sysModifiedDate TIMESTAMP
);
CREATE TABLE dbo.SaleSettlementCommitmentAssociation (
  Id UUID, CommitmentId UUID, SettlementId UUID, AssignedAmount DECIMAL(18, 8),
  sysCreatedDate TIMESTAMP DEFAULT '2026-02-05 10:00:00', sysModifiedDate TIMESTAMP
);
CREATE TABLE dbo.PurchaseDocument (
  Id UUID, DocumentType SMALLINT, DocumentNumber VARCHAR, DocumentDate TIMESTAMP, SupplierId VARCHAR DEFAULT 'F1',
  sysCreatedDate TIMESTAMP DEFAULT '2026-01-05 10:00:00', sysModifiedDate TIMESTAMP
);
CREATE TABLE dbo.PurchaseDocumentLine (
  Id UUID, DocumentId UUID, LineType SMALLINT DEFAULT 10, NomenclatureLevel INTEGER DEFAULT 0, ItemId VARCHAR DEFAULT 'A',
  StorehouseId UUID DEFAULT id(1), DeliveryDate TIMESTAMP, Quantity DECIMAL(18, 8), DeliveredQuantity DECIMAL(18, 8),
  NetPriceVatExcludedWithDiscount DECIMAL(18, 8) DEFAULT 6, sysCreatedDate TIMESTAMP DEFAULT '2026-01-05 10:00:00',
  sysModifiedDate TIMESTAMP
);

INSERT INTO dbo.Customer VALUES
  ('C1', 'Café Démo SARL', FALSE, 'FR', 'achat@example.com', 'FR00123456789', '2024-05-03 09:00:00', '2026-01-01 09:00:00'),
  ('C2', 'Client 017', TRUE, 'BEL', '', '', '2024-05-04 09:00:00', NULL);
INSERT INTO dbo.Supplier VALUES ('F1', 'Poterie du Lac', 'IT');
INSERT INTO dbo.ItemFamily VALUES ('THE', 'Thés');
INSERT INTO dbo.Item VALUES
  ('A', 'Théière', '', '3760000000017', 'THE', 'F1', 6.25, 6, 12, '2024-01-01 09:00:00', NULL),
  ('B', 'Bouilloire', NULL, '', NULL, '', 0, 0, 50, '2024-01-01 09:00:00', NULL),
  ('B-ROUGE', 'Bouilloire rouge', 'B', '', NULL, '', 0, 25, 50, '2024-01-01 09:00:00', NULL);
INSERT INTO dbo.Storehouse VALUES (id(1), 'Dépôt');
INSERT INTO dbo.StockItem VALUES ('A', id(1), 40, 7, 25), ('B-ROUGE', id(1), 3, 0, 0);

-- Order 10: a line with a discount, a kit at level 0, its component, a text; shipping. Of 10, 4 were delivered.
INSERT INTO dbo.SaleDocument
  (Id, DocumentType, DocumentNumber, DocumentDate, ColleagueId, Reference, DeliveryDate, DeliveryAddress_CountryIsoCode,
   AmountVatExcludedWithDiscountAndShipping, ShippingAmountVatExcluded, VatAmount, AmountVatIncluded)
VALUES (id(10), 8, 'CM001', '2026-01-05', 'COM1', 'WEB-1', '2026-01-20', 'BE', 168, 15, 33.6, 201.6);
INSERT INTO dbo.SaleDocumentLine
  (Id, DocumentId, LineType, NomenclatureLevel, ItemId, Quantity, SalePriceVatExcluded, RealNetAmountVatExcludedWithDiscount,
   RealNetAmountVatIncludedWithDiscount, DeliveredQuantity, RemainingQuantityToDeliver, TotalDiscountRate)
VALUES (id(11), id(10), 10, 0, 'A', 10, 12, 108, 129.6, 4, 6, 10), (id(12), id(10), 3, 0, 'B-ROUGE', 1, 45, 45, 54, NULL, 1, 0),
       (id(13), id(10), 3, 1, 'A', 2, 12, 24, 28.8, NULL, 0, 0), (id(14), id(10), 1, 0, '', 0, 0, 0, 0, NULL, 0, 0);

-- Order 20 is delivered; its only line changed later than the document.
INSERT INTO dbo.SaleDocument (Id, DocumentType, DocumentNumber, DocumentDate, CustomerId, AmountVatExcludedWithDiscountAndShipping, VatAmount, AmountVatIncluded)
VALUES (id(20), 8, 'CM002', '2026-01-08', 'C2', 24, 4.8, 28.8);
INSERT INTO dbo.SaleDocumentLine
  (Id, DocumentId, Quantity, RealNetAmountVatExcludedWithDiscount, RealNetAmountVatIncludedWithDiscount, DeliveredQuantity, sysModifiedDate)
VALUES (id(21), id(20), 2, 24, 28.8, 2, '2026-01-09 08:00:00');

-- Delivery 30 and invoice 40 of order 10; invoice 50 of order 20 directly, paid; invoice 60 is not final.
INSERT INTO dbo.SaleDocument (Id, DocumentType, ValidationState, DocumentNumber, DocumentDate, AmountVatExcludedWithDiscountAndShipping, VatAmount, AmountVatIncluded, CommitmentsBalanceDue)
VALUES (id(30), 6, 3, 'BL001', '2026-01-12', 43.2, 8.64, 51.84, 0), (id(40), 2, 3, 'FA001', '2026-01-15', 43.2, 8.64, 51.84, 31.84),
       (id(50), 2, 3, 'FA002', '2026-01-16', 24, 4.8, 28.8, 0), (id(60), 2, 0, 'FA003', '2026-01-17', 12, 2.4, 14.4, 14.4);
INSERT INTO dbo.SaleDocumentLine (Id, DocumentId, Quantity, RealNetAmountVatExcludedWithDiscount, RealNetAmountVatIncludedWithDiscount)
VALUES (id(31), id(30), 4, 43.2, 51.84), (id(41), id(40), 4, 43.2, 51.84), (id(51), id(50), 2, 24, 28.8), (id(61), id(60), 1, 12, 14.4);
INSERT INTO dbo.DocumentLineAssociation VALUES
  (id(11), 8, id(31)), (id(31), 6, id(41)), (id(21), 8, id(51)), (id(51), 2, id(71)), (id(99), 8, id(61));

-- Credit note 70 of invoice 50 is kept positive, with shipping; 80 is kept negative.
INSERT INTO dbo.SaleDocument
  (Id, DocumentType, DocumentNumber, DocumentDate, AmountVatExcludedWithDiscountAndShipping, ShippingAmountVatExcluded, VatAmount, AmountVatIncluded, CommitmentsBalanceDue)
VALUES (id(70), 3, 'AV001', '2026-01-25', 17, 5, 3.4, 20.4, 20.4), (id(80), 3, 'AV002', '2026-01-26', -12, 0, -2.4, -14.4, 0);
INSERT INTO dbo.SaleDocumentLine (Id, DocumentId, Quantity, RealNetAmountVatExcludedWithDiscount, RealNetAmountVatIncludedWithDiscount)
VALUES (id(71), id(70), 1, 12, 14.4), (id(81), id(80), -1, -12, -14.4);

UPDATE dbo.SaleDocument SET sysModifiedDate = '2026-02-07 10:00:00' WHERE Id IN (id(60), id(80));

INSERT INTO dbo.SaleCommitment (Id, DocumentId, DueDate)
VALUES (id(401), id(40), '2026-02-14'), (id(402), id(40), '2026-03-14'), (id(501), id(50), '2026-02-15');
INSERT INTO dbo.SaleSettlement (Id, SettlementDate, PaymentTypeId, IsUnpaid)
VALUES (id(901), '2026-02-05', 'VIR', FALSE), (id(902), '2026-02-06', 'CHQ', FALSE), (id(903), '2026-02-06', 'CHQ', TRUE);
INSERT INTO dbo.SaleSettlementCommitmentAssociation (Id, CommitmentId, SettlementId, AssignedAmount)
VALUES (id(911), id(401), id(901), 20), (id(912), id(501), id(902), 28.8), (id(913), id(402), id(903), 31.84);

INSERT INTO dbo.PurchaseDocument (Id, DocumentType, DocumentNumber, DocumentDate)
VALUES (id(1000), 8, 'CF001', '2026-01-02'), (id(1010), 6, 'BR001', '2026-01-09');
INSERT INTO dbo.PurchaseDocumentLine (Id, DocumentId, LineType, NomenclatureLevel, DeliveryDate, Quantity, DeliveredQuantity, sysModifiedDate)
VALUES (id(1001), id(1000), 10, 0, '2026-01-30', 20, 12, '2026-01-09 08:00:00'), (id(1002), id(1000), 10, 0, NULL, 5, 5, NULL),
       (id(1003), id(1000), 3, 1, NULL, 5, NULL, NULL), (id(1011), id(1010), 10, 0, NULL, 12, NULL, NULL);
