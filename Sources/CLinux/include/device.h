#pragma once
// What a network device does by itself (ethtool(8), `-K`).

/// Switches a feature of a device of this network namespace off; feature: its name in the kernel, such as
/// `tx-udp-segmentation`. Returns 0, -ENOENT where the kernel has no such feature, or another -errno.
int clinux_device_feature_off(const char *device, const char *feature);
