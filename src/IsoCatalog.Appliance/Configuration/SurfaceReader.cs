using System.Net;
using IsoCatalog.Appliance.Configuration.Values;
using IsoCatalog.Appliance.Configuration.Yaml;

namespace IsoCatalog.Appliance.Configuration;

/// <summary>Reads the list of surfaces. The kind decides which keys a surface has.</summary>
internal static class SurfaceReader
{
    private const int MaxSurfaces = 200;

    private static readonly ValueReader<string> Kinds = Words.Choice([.. SurfaceKinds.All.Select(kind => (kind, kind))]);

    private static readonly ValueReader<SurfaceGroup> Groups = Words.Choice(
        ("ipmi", SurfaceGroup.Ipmi), ("console", SurfaceGroup.Console), ("ovirt", SurfaceGroup.Ovirt));

    private static readonly ValueReader<TimeSpan> CheckPeriod = Quantities.DurationBetween(TimeSpan.FromSeconds(1), TimeSpan.FromDays(1));

    public static IReadOnlyList<SurfaceConfiguration> Surfaces(Section root, ValueReader<string> inFile)
    {
        var surfaces = new List<SurfaceConfiguration>();
        foreach (var (node, path) in root.Items("surfaces", MaxSurfaces))
        {
            if (Surface(node, path, inFile, root.Problems) is { } surface)
            {
                surfaces.Add(surface);
            }
        }

        return surfaces;
    }

    private static SurfaceConfiguration? Surface(Node node, string path, ValueReader<string> inFile, Problems problems)
    {
        if (node is not Node.Mapping mapping)
        {
            Section.Open(node, path, SurfaceKinds.Volume, problems);
            return null;
        }

        if (KindOf(mapping, path, problems) is not { } kind)
        {
            return null;
        }

        var section = Section.Open(mapping, path, kind, problems)!;
        var name = section.Require("name", Words.Name, "", "the surface's name, unique at this site, such as console-1");
        return kind switch
        {
            SurfaceKinds.Ipmi => Ipmi(section, name),
            SurfaceKinds.Volume => Volume(section, name, inFile),
            SurfaceKinds.OvirtIsoDomain => OvirtIsoDomain(section, name, inFile),
            _ => OvirtDisks(section, name, inFile),
        };
    }

    private static string? KindOf(Node.Mapping mapping, string path, Problems problems)
    {
        switch (mapping.Entries.FirstOrDefault(entry => entry.Key == "kind").Value)
        {
            case null:
                problems.Add(mapping, path + ".kind", $"kind is missing: {string.Join(", ", SurfaceKinds.All)}.");
                return null;
            case Node.Scalar scalar when Kinds(scalar, out var kind) is var wrong:
                if (wrong is not null)
                {
                    problems.Add(scalar, path + ".kind", wrong);
                }

                return wrong is null ? kind : null;
            case Node.Broken:
                return null;
            case { } other:
                problems.Add(other, path + ".kind", $"This must be one value, not {other.Noun}.");
                return null;
        }
    }

    private static SurfaceConfiguration.Ipmi Ipmi(Section section, string name)
    {
        Group(section, SurfaceGroup.Ipmi, [SurfaceGroup.Ipmi]);
        return new SurfaceConfiguration.Ipmi(section.Path, name)
        {
            Address = section.Get<IPAddress?>("address", Addresses.Address!, null),
            Allow = section.List<IPNetwork>("allow", Addresses.Network, "Write the networks of the BMCs, or remove it and have lease"
                + " URLs only."),
        };
    }

    private static SurfaceConfiguration.Volume Volume(Section section, string name, ValueReader<string> inFile)
    {
        var present = section.Child("present", "present");
        return new SurfaceConfiguration.Volume(
            section.Path,
            name,
            Group(section, SurfaceGroup.Console, [SurfaceGroup.Console, SurfaceGroup.Ovirt]),
            section.Require("path", inFile, "", "the folder that the surface's readers see, such as /srv/console-isos"))
        {
            ClientPath = section.Get<string?>("clientPath", Paths.OfAnotherMachine!, null),
            ReadOnly = section.Get("readOnly", Words.YesOrNo, fallback: false),
            Check = section.Get("check", CheckPeriod, TimeSpan.FromSeconds(10)),
            OnDelete = section.Get("onDelete", OnDeleteWord, OnDelete.Repair),
            Present = new PresentConfiguration
            {
                Smb = present?.Get<string?>("smb", Words.Template!, null),
                Nfs = present?.Get<string?>("nfs", Words.Template!, null),
            },
        };
    }

    private static SurfaceConfiguration.OvirtIsoDomain OvirtIsoDomain(Section section, string name, ValueReader<string> inFile)
    {
        Group(section, SurfaceGroup.Ovirt, [SurfaceGroup.Ovirt]);
        return new SurfaceConfiguration.OvirtIsoDomain(
            section.Path,
            name,
            section.Require("path", inFile, "", "the folder of the ISO domain's export, such as /exports/iso"),
            section.Require<Guid>("domain", Words.Uuid, default, "the storage domain's id, as the engine shows it"),
            Engine(section, inFile))
        {
            Check = section.Get("check", CheckPeriod, TimeSpan.FromSeconds(10)),
        };
    }

    private static SurfaceConfiguration.OvirtDisks OvirtDisks(Section section, string name, ValueReader<string> inFile)
    {
        Group(section, SurfaceGroup.Ovirt, [SurfaceGroup.Ovirt]);
        section.Get("check", CheckPeriod, default);
        NotYet(section);
        return new SurfaceConfiguration.OvirtDisks(
            section.Path,
            name,
            section.Require<Guid>("domain", Words.Uuid, default, "the storage domain's id, as the engine shows it"),
            Engine(section, inFile));
    }

    private static void NotYet(Section section) => section.Problems.Add(
        section.PathOf("kind"),
        "Surfaces of this kind are not supported yet by this version. Remove this surface, or put a '#' before its lines until you"
            + " upgrade.");

    private static EngineConfiguration Engine(Section surface, ValueReader<string> inFile) =>
        surface.RequireChild("engine", "engine", "how to reach the oVirt engine: url, user, passwordFile, caFile") is not { } section
            ? new EngineConfiguration(new Uri("https://invalid/"), "", "", null)
            : new EngineConfiguration(
                section.Require("url", Words.HttpsUrl, new Uri("https://invalid/"), "such as https://engine.example.com/ovirt-engine"),
                section.Require("user", Words.Text, "", "such as svc@internal"),
                section.Require("passwordFile", inFile, "", "a file with the password alone"),
                section.Get<string?>("caFile", inFile!, null));

    private static SurfaceGroup Group(Section section, SurfaceGroup byKind, SurfaceGroup[] fitting)
    {
        var group = section.Get("group", Groups, byKind);
        if (!fitting.Contains(group))
        {
            section.Problems.Add(
                section.PathOf("group"),
                $"A surface of this kind cannot be in group {Word(group)}: its images are mounted in another way. It can be in"
                    + $" {string.Join(" or ", fitting.Select(Word))}.");
        }

        return group;
    }

    private static string Word(SurfaceGroup group) => group switch
    {
        SurfaceGroup.Ipmi => "ipmi",
        SurfaceGroup.Console => "console",
        _ => "ovirt",
    };

    private static string? OnDeleteWord(Node.Scalar scalar, out OnDelete value)
    {
        value = OnDelete.Repair;
        return scalar is { Kind: ScalarKind.Text, Text: "retire" }
            ? "'retire' is not supported yet by this version. Write repair, or remove the key."
            : Words.Choice(("repair", OnDelete.Repair))(scalar, out value);
    }
}
