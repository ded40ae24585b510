#!/usr/bin/env bash
# Two VPCs get peered by the AWS CLI, a ping stays silent, and the same ping wakes when the rule is saved.
#
# Each step shows its command, what is expected of it, and what was seen. The exit status is 0 if all was as expected.
# Needs: root, namespaces of its own (tools/sandbox), `aws` and `peerless` on the PATH. `make demo` sees to it all.
set -euo pipefail

work=$(mktemp -d)
# The cgroups are the host's, and so is the name: nobody else's is that of this process namespace.
PEERLESS_NAME=demo-$(stat -Lc %i /proc/self/ns/pid)
export PEERLESS_NAME PEERLESS_STATE=$work/state PEERLESS_RUNTIME_DIR=$work/run PEERLESS_LISTEN=127.0.0.1:4566
passed=0 failed=0
session_pid=

if [[ -t 1 ]]; then bold=$'\e[1m' dim=$'\e[2m' green=$'\e[32m' red=$'\e[31m' plain=$'\e[0m'; else bold='' dim='' green='' red='' plain=''; fi

finish() {
    local status=$?
    trap - EXIT
    if [[ -n $session_pid ]]; then kill "$session_pid" 2>/dev/null || true; fi
    peerless down --wipe || status=1
    rm -rf "$work"
    if ((status != 0 && failed == 0)); then failed=1; fi
    printf '\n%s%d as expected, %d not%s\n' "$bold" "$passed" "$failed" "$plain"
    exit $((failed > 0))
}
trap finish EXIT
trap 'exit 130' INT TERM

step() { printf '\n%s%s%s\n' "$bold" "$*" "$plain"; }

# A command as one would type it.
typed() {
    local word line=
    for word in "$@"; do
        if [[ ! $word =~ ^[A-Za-z0-9_./:=,@%+-]+$ ]]; then word="'${word//\'/\'\\\'\'}'"; fi
        line+=" $word"
    done
    printf '  %s$%s%s\n' "$dim" "$line" "$plain"
}

# Shows a command and runs it; what it prints is in $seen, its exit status in $status.
run() {
    typed "$@"
    status=0
    seen=$("$@" 2>&1) || status=$?
}

# run, where anything but success ends the play.
must() {
    run "$@"
    if ((status != 0)); then
        printf '%s\n' "$seen"
        expect "the command succeeds" false
        exit 1
    fi
}

# expect SENTENCE COMMAND...: the command says whether it is so.
expect() {
    local sentence=$1; shift
    if "$@"; then
        passed=$((passed + 1)); printf '  %s✓%s %s\n' "$green" "$plain" "$sentence"
    else
        failed=$((failed + 1)); printf '  %s✗%s %s\n' "$red" "$plain" "$sentence"
        printf '%s\n' "$seen" | sed 's/^/      /'
    fi
}
is() { [[ $seen == "$1" ]]; }
has() { [[ $seen == *"$1"* ]]; }
has_not() { [[ $seen != *"$1"* ]]; }
refused() { ((status != 0)) && [[ $seen == *"$1"* ]]; }
ends_with() { [[ $seen == *"$1" ]]; }

# within SECONDS COMMAND...: it becomes true in that time.
within() {
    local until=$((SECONDS + $1)); shift
    until "$@"; do
        if ((SECONDS > until)); then return 1; fi
        sleep 0.1
    done
}

# What an explanation says is in the way, a line each.
obstacles() { seen=$(peerless explain "$@" | grep '✗ [A-Za-z]' | grep -v '✗ not reachable' | sed 's/^ *✗ *//; s/   */  /g') || true; }
obstacle_stages() { [[ $(awk -F'  ' '{print $1}' <<<"$seen" | paste -sd,) == "$1" ]]; }

# The calls of the console's wizard "VPC and more": one zone, one public subnet. Sets vpc_N, subnet_N, table_N.
vpc_and_more() {
    local name=$1 number=$2 cidr=$3 subnet_cidr=$4 vpc subnet gateway table
    must aws ec2 create-vpc --cidr-block "$cidr" --tag-specifications "ResourceType=vpc,Tags=[{Key=Name,Value=$name-vpc}]" --query Vpc.VpcId --output text
    vpc=$seen
    must aws ec2 modify-vpc-attribute --vpc-id "$vpc" --enable-dns-hostnames
    must aws ec2 modify-vpc-attribute --vpc-id "$vpc" --enable-dns-support
    must aws ec2 wait vpc-available --vpc-ids "$vpc"
    must aws ec2 create-subnet --vpc-id "$vpc" --cidr-block "$subnet_cidr" --availability-zone us-east-1a \
        --tag-specifications "ResourceType=subnet,Tags=[{Key=Name,Value=$name-subnet-public1-us-east-1a}]" --query Subnet.SubnetId --output text
    subnet=$seen
    must aws ec2 create-internet-gateway --tag-specifications "ResourceType=internet-gateway,Tags=[{Key=Name,Value=$name-igw}]" \
        --query InternetGateway.InternetGatewayId --output text
    gateway=$seen
    must aws ec2 attach-internet-gateway --vpc-id "$vpc" --internet-gateway-id "$gateway"
    must aws ec2 create-route-table --vpc-id "$vpc" --tag-specifications "ResourceType=route-table,Tags=[{Key=Name,Value=$name-rtb-public}]" \
        --query RouteTable.RouteTableId --output text
    table=$seen
    must aws ec2 create-route --route-table-id "$table" --destination-cidr-block 0.0.0.0/0 --gateway-id "$gateway"
    must aws ec2 associate-route-table --route-table-id "$table" --subnet-id "$subnet"
    must aws ec2 describe-route-tables --filters "Name=vpc-id,Values=$vpc" --query 'length(RouteTables)' --output text
    expect "the VPC has two route tables: the wizard's, and the main one that nobody asked for" is 2
    must aws ec2 describe-route-tables --route-table-ids "$table" --query 'RouteTables[0].Routes[].[DestinationCidrBlock,GatewayId,State]' --output text
    expect "$name-rtb-public has the local route and one to the internet gateway" \
        is "$cidr"$'\tlocal\tactive\n0.0.0.0/0\t'"$gateway"$'\tactive'
    must aws ec2 describe-subnets --subnet-ids "$subnet" --query 'Subnets[0].[AvailableIpAddressCount,MapPublicIpOnLaunch]' --output text
    expect "the subnet has 4091 addresses to give, and gives no public ones" is $'4091\tFalse'
    printf -v "vpc_$number" %s "$vpc"
    printf -v "subnet_$number" %s "$subnet"
    printf -v "table_$number" %s "$table"
}

launch() {
    local name=$1 subnet=$2 group=$3
    must aws ec2 describe-images --owners amazon --filters 'Name=name,Values=al2023-ami-2023.*' --query 'Images[0].ImageId' --output text
    must aws ec2 run-instances --image-id "$seen" --instance-type t2.micro --count 1 --subnet-id "$subnet" --security-group-ids "$group" \
        --tag-specifications "ResourceType=instance,Tags=[{Key=Name,Value=$name}]" --query 'Instances[0].[InstanceId,State.Name]' --output text
    expect "$name is pending" has $'\tpending'
    instance=${seen%%$'\t'*}
    must aws ec2 wait instance-running --instance-ids "$instance"
    must aws ec2 describe-instances --instance-ids "$instance" \
        --query 'Reservations[0].Instances[0].[State.Name,PublicIpAddress,PrivateIpAddress]' --output text
    expect "it is running, and has no public address" has $'running\tNone\t'
    address=${seen##*$'\t'}
}

step "Peerless starts, in namespaces of its own"
must peerless up --detach
eval "$(peerless env)"
must aws sts get-caller-identity --query Account --output text
expect "the AWS CLI talks to it" is 000000000000

step "A1  Create VPC, \"VPC and more\": NextWork-1, 10.1.0.0/16"
vpc_and_more NextWork-1 1 10.1.0.0/16 10.1.0.0/20

step "A2  The same: NextWork-2, 10.2.0.0/16"
vpc_and_more NextWork-2 2 10.2.0.0/16 10.2.0.0/20

step "A3  Create peering connection: VPC 1 <> VPC 2"
must aws ec2 create-vpc-peering-connection --vpc-id "$vpc_1" --peer-vpc-id "$vpc_2" \
    --tag-specifications 'ResourceType=vpc-peering-connection,Tags=[{Key=Name,Value=VPC 1 <> VPC 2}]' \
    --query VpcPeeringConnection.VpcPeeringConnectionId --output text
connection=$seen
must aws ec2 describe-vpc-peering-connections --vpc-peering-connection-ids "$connection" --query 'VpcPeeringConnections[0].Status.Code' --output text
expect "it waits to be accepted" is pending-acceptance
run peerless explain "$subnet_1" "$subnet_2" --icmp
printf '%s\n' "$seen"
expect "nothing would arrive" test "$status" = 1
obstacles "$subnet_1" "$subnet_2" --icmp
expect "it names: the default route takes it to the internet gateway, the peering is not accepted, the far group, and the way back" \
    obstacle_stages 'gateway,route,SG in,gateway'

step "A4  Accept request"
must aws ec2 accept-vpc-peering-connection --vpc-peering-connection-id "$connection" --query VpcPeeringConnection.Status.Code --output text
must aws ec2 describe-vpc-peering-connections --vpc-peering-connection-ids "$connection" --query 'VpcPeeringConnections[0].Status.Code' --output text
expect "it is active" is active
obstacles "$subnet_1" "$subnet_2" --icmp
expect "still nothing would arrive: routes are missing on both sides" obstacle_stages 'gateway,SG in,gateway'

step "A5  Routes, with the slip that the course makes on purpose"
run aws ec2 create-route --route-table-id "$table_1" --destination-cidr-block 10.1.0.0/16 --vpc-peering-connection-id "$connection"
expect "AWS refuses a route to one's own addresses" \
    refused "(InvalidParameterValue) when calling the CreateRoute operation: The destination CIDR block 10.1.0.0/16 is equal to or more specific than one of this VPC's CIDR blocks. This route can target only an interface or an instance."
must aws ec2 create-route --route-table-id "$table_1" --destination-cidr-block 10.2.0.0/16 --vpc-peering-connection-id "$connection"
must aws ec2 describe-route-tables --route-table-ids "$table_1" --query 'length(RouteTables[0].Routes)' --output text
expect "NextWork-1-rtb-public has three routes" is 3
obstacles "$subnet_1" "$subnet_2" --icmp
expect "the way there is open but for the group; the way back is missing" obstacle_stages 'SG in,gateway'
must aws ec2 create-route --route-table-id "$table_2" --destination-cidr-block 10.1.0.0/16 --vpc-peering-connection-id "$connection"
obstacles "$subnet_1" "$subnet_2" --icmp
expect "now only the group is in the way" obstacle_stages 'SG in'

step "A6  Launch an instance in each VPC, with the default group and no key pair"
must aws ec2 describe-security-groups --filters "Name=vpc-id,Values=$vpc_1" Name=group-name,Values=default --query 'SecurityGroups[0].GroupId' --output text
group_1=$seen
must aws ec2 describe-security-groups --filters "Name=vpc-id,Values=$vpc_2" Name=group-name,Values=default --query 'SecurityGroups[0].GroupId' --output text
group_2=$seen
launch "Instance - NextWork VPC 1" "$subnet_1" "$group_1"
address_1=$address
launch "Instance - NextWork VPC 2" "$subnet_2" "$group_2"
address_2=$address
must peerless run "Instance - NextWork VPC 1" -- hostname
expect "the first one is called by its address" is "ip-${address_1//./-}"

step "A7  Connect to the first instance, by EC2 Instance Connect"
run peerless connect "Instance - NextWork VPC 1"
printf '%s\n' "$seen"
expect "AWS's words: there is no public address" has "With no public IPv4 address, you can't use EC2 Instance Connect."
obstacles instance-connect "Instance - NextWork VPC 1" --tcp 22
expect "no public IPv4 address is in the way, and behind it the group" obstacle_stages 'gateway,SG in'

step "A8  Allocate an Elastic IP, and associate it"
must aws ec2 allocate-address --query AllocationId --output text
allocation=$seen
must aws ec2 describe-instances --filters "Name=tag:Name,Values=Instance - NextWork VPC 1" --query 'Reservations[0].Instances[0].InstanceId' --output text
instance_1=$seen
must aws ec2 associate-address --allocation-id "$allocation" --instance-id "$instance_1" --query AssociationId --output text
must aws ec2 describe-addresses --allocation-ids "$allocation" --query 'Addresses[0].PublicIp' --output text
elastic=$seen
must aws ec2 describe-instances --instance-ids "$instance_1" --query 'Reservations[0].Instances[0].PublicIpAddress' --output text
expect "it is the instance's public address, at once" is "$elastic"
must peerless run "Instance - NextWork VPC 1" -- ip -4 -oneline address show eth0
expect "inside, only the private one is known" has_not "$elastic"

step "A9  Connect again, with less patience than AWS has"
run peerless connect --timeout 3 "Instance - NextWork VPC 1"
printf '%s\n' "$seen"
expect "AWS's words, which say nothing" has "Error establishing SSH connection to your instance. Try again later."
expect "the cause: inbound TCP 22 is dropped by the group" has "inbound TCP 22 from 18.206.107.28 is dropped by $group_1 default"
obstacles instance-connect "Instance - NextWork VPC 1" --tcp 22
expect "the group alone is in the way; route table and network ACL are fine" obstacle_stages 'SG in'

step "A10 Save the rule: SSH from anywhere, in the first VPC's default group"
must aws ec2 authorize-security-group-ingress --group-id "$group_1" --protocol tcp --port 22 --cidr 0.0.0.0/0
must aws ec2 describe-security-groups --group-ids "$group_1" --query 'length(SecurityGroups[0].IpPermissions)' --output text
expect "the group has two rules: its members', and this one" is 2

step "A11 Connect again"
must peerless connect "Instance - NextWork VPC 1" -- hostname
printf '%s\n' "$seen"
expect "one is in, and AWS notes: Port 22 (SSH) is open to all" has "Port 22 (SSH) is open to all IPv4 addresses"
expect "it is the first instance" ends_with "ip-${address_1//./-}"
must aws ec2 revoke-security-group-ingress --group-id "$group_1" --protocol tcp --port 22 --cidr 0.0.0.0/0
must aws ec2 authorize-security-group-ingress --group-id "$group_1" --protocol tcp --port 22 --cidr 203.0.113.10/32
run peerless connect --timeout 3 "Instance - NextWork VPC 1"
expect "a rule for \"My IP\" is not enough: Instance Connect comes from AWS" has "EC2 Instance Connect calls from AWS's 18.206.107.24/29, not from you"
must aws ec2 authorize-security-group-ingress --group-id "$group_1" --protocol tcp --port 22 --cidr 18.206.107.24/29
must peerless connect "Instance - NextWork VPC 1" -- hostname
expect "a rule for 18.206.107.24/29 is, and AWS has nothing to note" is "ip-${address_1//./-}"

step "A12 In a session, ping the second instance"
typed peerless connect "Instance - NextWork VPC 1"
# A terminal with a keyboard to type on and a screen to read from.
mkfifo "$work/keyboard"
script --quiet --flush --return --command "exec peerless connect 'Instance - NextWork VPC 1'" /dev/null <"$work/keyboard" >"$work/screen" 2>/dev/null &
session_pid=$!
exec 3>"$work/keyboard"
screen() { seen=$(tr -d '\r' <"$work/screen" | sed 's/\x1b\[[?0-9;]*[a-zA-Z]//g'); }
shows() { screen; has "$1"; }
expect "a live prompt: [ec2-user@ip-${address_1//./-} ~]\$" within 5 shows "[ec2-user@ip-${address_1//./-} ~]$ "
printf 'ping %s\r' "$address_2" >&3
started=$(date +%s)
within 5 shows 'bytes of data.' || true
sleep 3
screen
printf '%s\n' "$seen" | sed 's/^/      /'
expect "one line, then silence" ends_with $'\n'"PING $address_2 ($address_2) 56(84) bytes of data."
run peerless explain "Instance - NextWork VPC 1" "Instance - NextWork VPC 2" --icmp
printf '%s\n' "$seen"
obstacles "Instance - NextWork VPC 1" "Instance - NextWork VPC 2" --icmp
expect "the far group's inbound rules drop it, and nothing else does" obstacle_stages 'SG in'
expect "it names the group" has "$group_2 default"

step "A13 Save the rule: All ICMP - IPv4 from 10.1.0.0/16, in the second VPC's default group"
silent_for=$(($(date +%s) - started))
must aws ec2 authorize-security-group-ingress --group-id "$group_2" --ip-permissions 'IpProtocol=icmp,FromPort=-1,ToPort=-1,IpRanges=[{CidrIp=10.1.0.0/16}]'
expect "within a second replies start, in the same running ping" within 1 shows 'bytes from'
grep 'bytes from' <<<"$seen" | sed 's/^/      /'
first=$(grep -m1 -o 'icmp_seq=[0-9]*' <<<"$seen" | cut -d= -f2)
expect "the first answer is number $first after some $silent_for s: the packets before it were dropped" test "${first:-0}" -gt 2
expect "its TTL is 127, as on Amazon Linux: no router shows" has ttl=127
printf '\003' >&3
within 5 shows 'packets transmitted' || true
expect "Ctrl-C counts what was lost" has 'packet loss'
grep 'packets transmitted' <<<"$seen" | sed 's/^/      /'
printf 'exit\r' >&3
status=0
wait "$session_pid" || status=$?
session_pid=
expect "the session ends with the shell" test "$status" = 0
run peerless explain "Instance - NextWork VPC 1" "Instance - NextWork VPC 2" --icmp
printf '%s\n' "$seen"
expect "the explanation says: reachable" test "$status" = 0
run peerless explain "Instance - NextWork VPC 2" "Instance - NextWork VPC 1" --icmp
expect "the other way round it is not: the rule was added on one side, and replies need none" test "$status" = 1

step "A14 Clean up"
run aws ec2 release-address --allocation-id "$allocation"
expect "an Elastic IP that is associated is not released" refused "(InvalidIPAddress.InUse)"
run aws ec2 delete-vpc --vpc-id "$vpc_1"
expect "a VPC with something in it is not deleted" refused "(DependencyViolation)"
must aws ec2 describe-instances --query 'Reservations[].Instances[].InstanceId' --output text
must aws ec2 terminate-instances --instance-ids $seen --query 'TerminatingInstances[].CurrentState.Name' --output text
must aws ec2 wait instance-terminated --filters Name=instance-state-name,Values=shutting-down,terminated
must aws ec2 release-address --allocation-id "$allocation"
must aws ec2 delete-vpc-peering-connection --vpc-peering-connection-id "$connection"
must aws ec2 describe-route-tables --route-table-ids "$table_1" --query 'RouteTables[0].Routes[?State==`blackhole`].DestinationCidrBlock' --output text
expect "the routes to the peering are blackholes now" is 10.2.0.0/16
for number in 1 2; do
    vpc=vpc_$number subnet=subnet_$number table=table_$number
    must aws ec2 describe-internet-gateways --filters "Name=attachment.vpc-id,Values=${!vpc}" --query 'InternetGateways[0].InternetGatewayId' --output text
    gateway=$seen
    must aws ec2 detach-internet-gateway --internet-gateway-id "$gateway" --vpc-id "${!vpc}"
    must aws ec2 delete-internet-gateway --internet-gateway-id "$gateway"
    must aws ec2 delete-subnet --subnet-id "${!subnet}"
    must aws ec2 delete-route-table --route-table-id "${!table}"
    must aws ec2 delete-vpc --vpc-id "${!vpc}"
done
must aws ec2 describe-vpcs --filters Name=is-default,Values=false --query 'length(Vpcs)' --output text
expect "no VPC is left but the default one" is 0
must peerless status
expect "and no instance runs" has '2 terminated'
must peerless down
left_behind() { find /sys/fs/cgroup -type d -path "*peerless/$PEERLESS_NAME*"; ip -oneline link | grep -v ' lo:'; grep "$work" /proc/self/mountinfo; ls -d "$PEERLESS_RUNTIME_DIR"/"$PEERLESS_NAME" 2>/dev/null; }
seen=$(left_behind || true)
expect "nothing is left on the host: no namespace, link, mount or cgroup" is ''
