"""The rank of the products of features on one direction, by singular values, in stages."""
