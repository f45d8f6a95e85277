vpp unix { startup-config startup.vpp }
