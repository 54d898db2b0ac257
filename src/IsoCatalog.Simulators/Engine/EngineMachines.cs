using System.Text.Json;
using System.Text.Json.Nodes;
using System.Xml;
using System.Xml.Linq;

namespace IsoCatalog.Simulators.Engine;

/// <summary>The CD drives of virtual machines: which names an engine takes for a disc, where each of its two discs is seen, and what a start makes of one that is gone.</summary>
internal sealed class EngineMachines(EngineInventory inventory)
{
    /// <summary>Lists the files of a domain, with a refresh if told so; a failure is the answer to the client.</summary>
    public delegate Task<(IReadOnlyList<string> Names, EngineAnswer? Failure)> Lister(
        StorageDomain domain, bool refresh, EngineFaults faults, CancellationToken cancellationToken);

    public async Task<EngineAnswer> AnswerAsync(
        EngineCall call, Machine machine, string[] rest, Lister list, EngineFaults faults, CancellationToken cancellationToken)
    {
        var current = call.Flag("current") ?? false;
        switch (call.Method, rest)
        {
            case ("GET", []):
                return EngineAnswer.Ok(EngineEntities.Machine(machine, call.Follows("cdroms")));
            case ("GET", ["cdroms"]):
                // BackendVmCdromsResource.list reads no parameter: the drive as it will be at the next start, whatever is asked for.
                return EngineAnswer.Ok(EngineEntities.Collection("cdroms", [EngineEntities.Drive(machine, current: false)]));
            case ("GET", ["cdroms", var id]) when IsDrive(id):
                return EngineAnswer.Ok(EngineEntities.Drive(machine, current));
            case ("PUT", ["cdroms", var id]) when IsDrive(id):
                return Named(call.Body, "file") is not { } file
                    ? EngineAnswer.Fault(400, "Incomplete parameters", "Cdrom [file] required for update")
                    : (current ? ChangeNow(machine, file.Id, faults) : ChangeNext(machine, file.Id, faults)) ?? EngineAnswer.Ok(EngineEntities.Drive(machine, current));
            case ("POST", ["start"]) when !machine.IsUp:
                // With a machine in the body it is Run Once, whose disc counts for this run alone (VmMapper, chooseCd).
                var disc = Named(call.Body, "vm", "cdroms", "cdrom", "file")?.Id ?? machine.Disc;
                if (await RefusalAsync(machine, disc, list, faults, cancellationToken) is { } refusal)
                {
                    return refusal;
                }

                (machine.IsUp, machine.CurrentDisc) = (true, disc);
                return EngineAnswer.Ok(EngineEntities.Action("complete"));
            case ("POST", ["stop"]) when machine.IsUp:
                // What was in the drive is not forgotten (ResourceManager.resetVmAttributes).
                machine.IsUp = false;
                return EngineAnswer.Ok(EngineEntities.Action("complete"));
            case ("POST", ["start" or "stop"]):
                return EngineAnswer.Fault(409, "Operation Failed", $"[Cannot run this action: the VM is {(machine.IsUp ? "up" : "down")}.]");
            default:
                return EngineAnswer.NothingThere;
        }
    }

    private static bool IsDrive(string id) => Guid.TryParseExact(id, "D", out var guid) && guid == Guid.Empty;

    /// <summary>UpdateVmCommand: a name must be in the list as it is in the table; nothing is refreshed for that. No id changes nothing (CdRomMapper).</summary>
    private EngineAnswer? ChangeNext(Machine machine, string? id, EngineFaults faults)
    {
        if (id is { Length: > 0 } && (Form(id) ?? (DomainOf(machine, faults)?.Files!.Listed.Contains(id, StringComparer.Ordinal) == true ? null : NotFound())) is { } refusal)
        {
            return refusal;
        }

        machine.Disc = id is null ? machine.Disc : Disc(id);
        return null;
    }

    /// <summary>ChangeDiskCommand: no list is looked at, the host opens the file or fails. An empty id ejects, and so does none.</summary>
    private EngineAnswer? ChangeNow(Machine machine, string? id, EngineFaults faults)
    {
        if (machine.CurrentDisc == id)
        {
            return null;
        }

        if (!machine.IsUp)
        {
            return EngineAnswer.Fault(409, "Operation Failed", "[Cannot change CD. VM is not running.]");
        }

        if (id is { Length: > 0 })
        {
            // Only the last part of a path counts (VmCommand.cdPathWindowsToLinux).
            var domain = DomainOf(machine, faults);
            if ((Form(id) ?? (domain is not null && File.Exists(Path.Combine(IsoDomainFolder.FilesOf(domain.Iso!.Path, domain.Id), Path.GetFileName(id)))
                    ? null
                    : EngineAnswer.Fault(400, "Operation Failed", "[Drive image file could not be found]"))) is { } refusal)
            {
                return refusal;
            }
        }

        machine.CurrentDisc = Disc(id);
        return null;
    }

    private StorageDomain? DomainOf(Machine machine, EngineFaults faults) => inventory.Domains.FirstOrDefault(
        d => d.Files is not null && d.DataCenters.Contains(machine.DataCenter.Name, StringComparer.Ordinal)
            && inventory.StatusOf(d, machine.DataCenter.Name, faults) == DomainStatus.Active);

    /// <summary>RunVmValidator.validateIsoPath: the list is refreshed, and the name has to be in it exactly.</summary>
    private async Task<EngineAnswer?> RefusalAsync(Machine machine, string? disc, Lister list, EngineFaults faults, CancellationToken cancellationToken)
    {
        if (disc is null or "")
        {
            return null;
        }

        if (DomainOf(machine, faults) is not { } domain)
        {
            return EngineAnswer.Fault(409, "Operation Failed", "[Cannot run VM from CD without an active ISO Storage Domain.]");
        }

        var (names, failure) = await list(domain, true, faults, cancellationToken);
        return failure ?? (names.Contains(disc, StringComparer.Ordinal) ? null : NotFound());
    }

    /// <summary>ISO_SUFFIX_PATTERN, or the id of a disk.</summary>
    private static EngineAnswer? Form(string id) => id.EndsWith(".iso", StringComparison.OrdinalIgnoreCase) || Guid.TryParseExact(id, "D", out _)
        ? null
        : EngineAnswer.Fault(400, "Operation Failed", "[The given CD ROM disk is neither an ISO file nor a disk.]");

    private static EngineAnswer NotFound() => EngineAnswer.Fault(
        400, "Operation Failed", "[Cannot find the ISO file. The file path is wrong or the file is not in an active ISO Storage Domain.]");

    private static string? Disc(string? id) => id is null or "" ? null : id;

    /// <summary>What stands at a place in the body (<c>&lt;cdrom&gt;&lt;file id=".."/&gt;&lt;/cdrom&gt;</c> or <c>{"file":{"id":".."}}</c>), of a list the first. Null: it is not there.</summary>
    private static Reference? Named(string? body, params ReadOnlySpan<string> way)
    {
        try
        {
            if (body?.TrimStart().StartsWith('{') == true)
            {
                var node = JsonNode.Parse(body);
                foreach (var step in way)
                {
                    node = node is JsonObject thing ? thing[step] : null;
                    node = node is JsonArray { Count: > 0 } list ? list[0] : node;
                }

                return node is JsonObject found ? new Reference(found["id"]?.GetValue<string>()) : null;
            }

            using var reader = XmlReader.Create(new StringReader(body ?? ""), new XmlReaderSettings { DtdProcessing = DtdProcessing.Prohibit, XmlResolver = null });
            var element = XDocument.Load(reader).Root;
            foreach (var step in way)
            {
                element = element?.Element(step);
            }

            return element is null ? null : new Reference(element.Attribute("id")?.Value);
        }
        catch (Exception e) when (e is JsonException or XmlException or FormatException or InvalidOperationException)
        {
            return null;
        }
    }

    /// <param name="Id">Null: it was named without one.</param>
    private sealed record Reference(string? Id);
}
