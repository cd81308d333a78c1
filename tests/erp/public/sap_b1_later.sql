-- Later: the rest of order 2 leaves, a draft of a quote is removed, invoice 5 is paid, invoice 1 is cancelled by another.
INSERT INTO dbo.ODLN (DocEntry, DocNum, DocDate) VALUES (3, 3, '2026-02-12');
INSERT INTO dbo.DLN1 (DocEntry, LineNum, Quantity, BaseType, BaseEntry, BaseLine) VALUES (3, 0, 6, 17, 2, 0);
UPDATE dbo.ORDR SET DocStatus = 'C', UpdateDate = '2026-02-12', UpdateTS = 101500 WHERE DocEntry = 2;
DELETE FROM dbo.OQUT;
DELETE FROM dbo.QUT1;
UPDATE dbo.OINV SET DocStatus = 'C', PaidToDate = 240 WHERE DocEntry = 5;
INSERT INTO dbo.ORCT VALUES (4, '2026-02-12', 'N', 240, '2026-02-12', NULL);
INSERT INTO dbo.RCT2 (DocNum, InvType, DocEntry, SumApplied) VALUES (4, 13, 5, 240);
UPDATE dbo.OINV SET CANCELED = 'Y', DocStatus = 'C', UpdateDate = '2026-02-13', UpdateTS = 90000 WHERE DocEntry = 1;
INSERT INTO dbo.OINM VALUES (6, 15, 'A', '01', '2026-02-12', 0, 6);
