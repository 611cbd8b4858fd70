"""From one bilingual source file to notebooks and to a book in two languages."""
