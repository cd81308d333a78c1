"""What people pay with in a country where the company has sold nothing yet (ISO 4217, list one; euro area of 2026)."""

from __future__ import annotations

EURO = "AD AT BE BG CY DE EE ES FI FR GR HR IE IT LT LU LV MC ME MT NL PT SI SK SM VA XK"
OTHERS = """AE:AED AR:ARS AU:AUD BR:BRL CA:CAD CH:CHF CL:CLP CN:CNY CO:COP CZ:CZK DK:DKK EG:EGP GB:GBP HK:HKD HU:HUF
    ID:IDR IL:ILS IN:INR IS:ISK JP:JPY KR:KRW LI:CHF MA:MAD MX:MXN MY:MYR NO:NOK NZ:NZD PH:PHP PL:PLN QA:QAR RO:RON
    RS:RSD SA:SAR SE:SEK SG:SGD TH:THB TN:TND TR:TRY TW:TWD UA:UAH US:USD VN:VND ZA:ZAR"""
CURRENCY = dict.fromkeys(EURO.split(), "EUR") | dict(pair.split(":") for pair in OTHERS.split())
