"""Small predicates of (by, object) about families, without a query; they agree with `visible_to`."""
