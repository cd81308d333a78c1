-- Later: the rest of order 10 is delivered, invoice 60 is removed, 40 is paid.
UPDATE dbo.SaleDocumentLine SET DeliveredQuantity = 10, RemainingQuantityToDeliver = 0, sysModifiedDate = '2026-02-10 10:00:00'
WHERE Id = id(11);
DELETE FROM dbo.SaleDocumentLine WHERE DocumentId = id(60);
DELETE FROM dbo.SaleDocument WHERE Id = id(60);
UPDATE dbo.SaleDocument SET CommitmentsBalanceDue = 0 WHERE Id = id(40);
INSERT INTO dbo.SaleSettlement VALUES (id(904), '2026-02-11', 'VIR', FALSE, '2026-02-11 09:00:00', NULL);
INSERT INTO dbo.SaleSettlementCommitmentAssociation VALUES (id(914), id(402), id(904), 31.84, '2026-02-11 09:00:00', NULL);
UPDATE dbo.PurchaseDocumentLine SET DeliveredQuantity = 20, sysModifiedDate = '2026-02-10 10:00:00' WHERE Id = id(1001);
UPDATE dbo.Customer SET MainInvoicingAddress_CountryIsoCode = 'BE', sysModifiedDate = '2026-02-10 10:00:00' WHERE Id = 'C2';
