//! What is wrong with expectations, and what good ones come to: text in, text out.
