"""The company's tables: core (canonical, from all sources) and marts (wide, one per question)."""
