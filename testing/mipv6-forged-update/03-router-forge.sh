# a Binding Update for 2001:1::10 at 2001:1::fe, from the home address, then with a home address option
perl forge.pl plain
perl forge.pl option
