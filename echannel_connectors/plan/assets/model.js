// The formulas of plan/model.py, in whole numbers of 1e-12: the same to the last digit. Change both together.
"use strict";
const Model = (() => {
  const ONE = 10n ** 12n;
  const CASES = ["low", "middle", "high"];
  const SIGN = { low: -1n, middle: 0n, high: 1n };

  // One number over another, half to even.
  function over(above, below) {
    let [n, d] = below < 0n ? [-above, -below] : [above, below];
    let whole = n / d, rest = n % d;
    if (rest < 0n) { rest += d; whole -= 1n; }
    return 2n * rest > d || (2n * rest === d && whole & 1n) ? whole + 1n : whole;
  }
  const times = (one, other) => over(one * other, ONE);
  const divided = (one, other) => over(one * ONE, other);
  const sum = (list) => list.reduce((total, one) => total + one, 0n);
  const least = (one, other) => (one < other ? one : other);

  // A decimal text as a whole number of 1e-12; null where it is none.
  function read(text) {
    const found = /^(-?)(\d*)(?:\.(\d{0,12}))?$/.exec(text.trim());
    if (!found || !(found[2] || found[3])) return null;
    const number = BigInt((found[2] || "0") + (found[3] || "").padEnd(12, "0"));
    return found[1] ? -number : number;
  }
  // … and back, with so many places, half to even.
  function written(value, places) {
    const rounded = over(value, 10n ** BigInt(12 - places));
    const digits = (rounded < 0n ? -rounded : rounded).toString().padStart(places + 1, "0");
    const text = places ? `${digits.slice(0, -places)}.${digits.slice(-places)}` : digits;
    return rounded < 0n ? `-${text}` : text;
  }

  function perOrder(v, name) {
    const price = times(v.price, ONE + SIGN[name] * v.price_spread);
    const dearer = ONE - SIGN[name] * v.cost_spread;
    const net = times(divided(price, ONE + v.tax), v.rate);
    const back = times(v.resold, v.goods);
    const found = {
      net, goods: v.goods, duty: times(net, v.duty), refunds: times(v.refunds, net - back),
      returns: times(v.returns, times(v.return_cost, dearer)), shipping_charged: v.shipping_charged,
      shipping_paid: times(v.shipping_paid, dearer), packaging: times(v.packaging, dearer),
      fees: times(v.fees, times(price, v.rate) + times(v.shipping_charged, ONE + v.tax)),
      net_sales: net - times(v.refunds, net), goods_bought: v.goods - times(v.refunds, back),
    };
    found.contribution = found.net - found.goods - found.duty - found.refunds - found.returns + found.shipping_charged
      - found.shipping_paid - found.packaging - found.fees;
    return found;
  }

  const bought = (v) => (v.visit_cost ? times(divided(v.advertising, v.visit_cost), v.conversion) : 0n);
  function ordersOf(v, name, number, index) {
    const share = least(ONE, divided(BigInt(number) * ONE, v.ramp));
    const byCase = { low: v.low_orders, middle: 0n, high: v.high_orders }[name];
    const season = ONE + times(v.season, index - ONE);
    return times(times(times(v.orders, share) + bought(v), ONE + byCase), season);
  }

  // `season` from January to December; `first` is the number of the first month (1 to 12).
  function forecast(v, name, season, first, months) {
    const each = perOrder(v, name), ahead = Number(v.stock_months / ONE);
    const dearer = ONE - SIGN[name] * v.cost_spread;
    const investment = times(v.investment, dearer), fixed = times(v.fixed, dearer);
    const orders = Array.from({ length: months + ahead }, (_, n) => ordersOf(v, name, n + 1, season[(first - 1 + n) % 12]));
    const goods = orders.map((count) => times(count, each.goods_bought));
    const cash = -investment - sum(goods.slice(0, ahead));
    const found = [{ orders: 0n, net_sales: 0n, contribution: 0n, cash, cumulative_contribution: 0n, cumulative_cash: cash }];
    for (let n = 0; n < months; n += 1) {
      const left = times(orders[n], each.contribution) - v.advertising - fixed;
      const paid = left + goods[n] - goods[n + ahead], before = found[n];
      found.push({
        orders: orders[n], net_sales: times(orders[n], each.net_sales), contribution: left, cash: paid,
        cumulative_contribution: before.cumulative_contribution + left, cumulative_cash: before.cumulative_cash + paid,
      });
    }
    return { name, per_order: each, investment, months: found, ...followsFrom(found, investment) };
  }

  function followsFrom(months, investment) {
    const last = months.slice(1).slice(-12), end = months[months.length - 1];
    const since = months.findLastIndex((one) => one.cumulative_contribution < investment) + 1;
    return {
      monthly_contribution: divided(sum(last.map((one) => one.contribution)), BigInt(last.length) * ONE),
      break_even: since < months.length ? since : null,
      cash_needed: months.reduce((most, one) => (-one.cumulative_cash > most ? -one.cumulative_cash : most), 0n),
      return_on_investment: investment ? divided(end.cumulative_contribution - investment, investment) : null,
    };
  }

  return { CASES, ONE, read, written, times, divided, perOrder, bought, forecast };
})();
