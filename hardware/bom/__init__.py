"""What has to be bought for each build: a CSV file each, shown in `docs/build/bom.md`."""
