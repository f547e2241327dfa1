"""r, the prime order of the BLS12-381 groups. It stands alone so that randomness and arithmetic can both name it."""

ORDER = 0x73EDA753299D7D483339D80809A1D80553BDA402FFFE5BFEFFFFFFFF00000001
