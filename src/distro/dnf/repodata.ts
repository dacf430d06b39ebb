import { dollar } from '../rpm/steps.ts';

/** XML from the lines of $format: what follows "@" is XML already. Requirements of rpm itself are no package's. */
const toXml = [
  's/^@//; t',
  '/^entry rpmlib(/d',
  's/&/\\&amp;/g; s/</\\&lt;/g; s/>/\\&gt;/g; s/"/\\&quot;/g',
  's/\\t&lt;\\(=\\?\\)\\t/\\tL\\1\\t/; s/\\t&gt;\\(=\\?\\)\\t/\\tG\\1\\t/; s/\\t\\([LG]\\)=\\t/\\t\\1E\\t/; s/\\t\\([LG]\\)\\t/\\t\\1T\\t/; s/\\t=\\t/\\tEQ\\t/; t x',
  ':x',
  's|^entry \\([^\\t]*\\)\\t\\t.*|<rpm:entry name="\\1"/>|; t',
  's|^entry \\([^\\t]*\\)\\t\\(.*\\)\\t\\([0-9]*\\):\\(.*\\)|<rpm:entry name="\\1" flags="\\2" epoch="\\3" ver="\\4"/>|; t',
  's|^entry \\([^\\t]*\\)\\t\\(.*\\)\\t\\(.*\\)|<rpm:entry name="\\1" flags="\\2" ver="\\3"/>|; t',
  's|^evr \\(.*\\) \\(.*\\) \\(.*\\)|<version epoch="\\1" ver="\\2" rel="\\3"/>|; t',
  's|^\\([a-z:]*\\) \\(.*\\)|<\\1>\\2</\\1>|',
].join('\n  ');

/** A repository for dnf of the packages in the working folder, made from what they say of themselves. */
export const makeRepositories = String.raw`# Repositories for dnf, made from the packages themselves: only so are names asked for, and reasons kept as online. Only
# the name of the repository that a package is from comes with the cache.
declare -A from=()
while IFS=$'\t' read -r _ _ _ sum _ _ repository; do
  [[ ! $sum =~ ^[0-9a-f]+$ || ! $repository =~ ^[A-Za-z0-9][A-Za-z0-9._:-]*$ ]] || from[$sum]=$repository
done <INVENTORY
mkdir -p "$tmp/repos" "$tmp/data/repro"
touch "$tmp/data/repro/packages.xml"
# What rpm is asked for: lines of XML after "@", and such as have to be made XML. (rpm-queryformat(7); tags in any case.)
format='@<package type="rpm">
name %{name}
arch %{arch}
evr %{epochnum} %{version} %{release}
summary %{summary}
@<time file="0" build="%{buildtime}"/>
@<format>
rpm:vendor %{vendor}
rpm:sourcerpm %{sourcerpm}
'
for tag in provide require conflict obsolete recommend suggest supplement enhance; do
  format+="@<rpm:${dollar}{tag}s>\n[entry %{${dollar}{tag}name}\t%{${dollar}{tag}flags:depflags}\t%{${dollar}{tag}version}\n]@</rpm:${dollar}{tag}s>\n"
done
format+='[file %{filenames}\n]@</format>\n'
while read -r sum file; do
  repository=${dollar}{from[$sum]:-repro}
  mkdir -p "$tmp/data/$repository"
  ln -s "/mnt/$file" "$tmp/data/$repository/$file"
  rpm -qp --nosignature --qf "$format@<size package=\"$(stat -c %s "$file")\" installed=\"%{longsize}\"/>\n" "$file" | sed '
  ${toXml}' >>"$tmp/data/$repository/packages.xml"
  echo "<checksum type=\"sha256\" pkgid=\"YES\">$sum</checksum><location href=\"$file\"/></package>" >>"$tmp/data/$repository/packages.xml"
done <"$tmp/cache"
for folder in "$tmp"/data/*; do
  primary=$folder/repodata/primary.xml
  mkdir "$folder/repodata"
  {
    echo '<metadata xmlns="http://linux.duke.edu/metadata/common" xmlns:rpm="http://linux.duke.edu/metadata/rpm">'
    cat "$folder/packages.xml"
    echo '</metadata>'
  } >"$primary"
  sum=$(sha256sum <"$primary")
  printf '<repomd xmlns="http://linux.duke.edu/metadata/repo"><data type="primary"><checksum type="sha256">%s</checksum><location href="repodata/primary.xml"/></data></repomd>\n' "${dollar}{sum%% *}" \
    >"$folder/repodata/repomd.xml"
  # Packages of a module's stream are to be found without its metadata, too. (dnf 4 wants to see a key in any case.)
  printf '%s\n' "[${dollar}{folder##*/}]" "name=${dollar}{folder##*/}" "baseurl=file://$folder" gpgcheck=1 repo_gpgcheck=0 \
    "gpgkey=${dollar}{keys[*]/#/file://}" module_hotfixes=1 >"$tmp/repos/${dollar}{folder##*/}.repo"
done`;
