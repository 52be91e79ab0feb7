"""What other libraries call a cell, as one step of lnncc: one small file a convention."""
