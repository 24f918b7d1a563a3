# What the clients find: a fence device, a group that follows a promoted instance, clones, constraints.
set -e
# What the machine around may have left: of crmsh's history also the lock of one that was killed.
rm -rf /var/lib/pacemaker/cib/shadow.* /var/cache/crm
# At once: what is promoted before the constraints are there would stay where it is.
cibadmin -M -o configuration -X '<configuration>
<resources>
<primitive id="fence" class="stonith" type="fence_bed">
<instance_attributes id="fence-params">
<nvpair id="fence-hosts" name="pcmk_host_list" value="n1 n2 n3"/>
</instance_attributes>
<operations>
<op id="fence-m" name="monitor" interval="60s"/>
</operations>
</primitive>
<group id="g">
<primitive id="vip" class="ocf" provider="heartbeat" type="IPaddr2">
<instance_attributes id="vip-params">
<nvpair id="vip-ip" name="ip" value="10.77.0.100"/>
<nvpair id="vip-mask" name="cidr_netmask" value="24"/>
<nvpair id="vip-nic" name="nic" value="eth0"/>
</instance_attributes>
<operations>
<op id="vip-m" name="monitor" interval="10s" timeout="20s"/>
</operations>
</primitive>
<primitive id="d1" class="ocf" provider="heartbeat" type="Dummy">
<operations>
<op id="d1-m" name="monitor" interval="10s" timeout="20s"/>
</operations>
</primitive>
<primitive id="d2" class="ocf" provider="pacemaker" type="Dummy">
<operations>
<op id="d2-m" name="monitor" interval="10s" timeout="20s"/>
</operations>
</primitive>
</group>
<clone id="st-clone">
<primitive id="st" class="ocf" provider="pacemaker" type="Stateful">
<operations>
<op id="st-mp" name="monitor" interval="10s" timeout="20s" role="Promoted"/>
<op id="st-mu" name="monitor" interval="11s" timeout="20s" role="Unpromoted"/>
</operations>
</primitive>
<meta_attributes id="st-meta">
<nvpair id="st-promotable" name="promotable" value="true"/>
<nvpair id="st-max" name="promoted-max" value="1"/>
</meta_attributes>
</clone>
<clone id="cl-clone">
<primitive id="cl" class="ocf" provider="pacemaker" type="Dummy">
<operations>
<op id="cl-m" name="monitor" interval="10s" timeout="20s"/>
</operations>
</primitive>
</clone>
<primitive id="solo" class="ocf" provider="heartbeat" type="Dummy">
<operations>
<op id="solo-m" name="monitor" interval="10s" timeout="20s"/>
</operations>
</primitive>
</resources>
<constraints>
<rsc_location id="l1" rsc="solo" node="n2" score="100"/>
<rsc_location id="l2" rsc="st-clone" role="Promoted" node="n3" score="50"/>
<rsc_colocation id="c1" rsc="g" with-rsc="st-clone" with-rsc-role="Promoted" score="INFINITY"/>
<rsc_order id="o1" first="st-clone" first-action="promote" then="g" then-action="start" kind="Mandatory"/>
</constraints>
<rsc_defaults>
<meta_attributes id="rsc-options">
<nvpair id="rsc-options-stickiness" name="resource-stickiness" value="100"/>
</meta_attributes>
</rsc_defaults>
</configuration>'
