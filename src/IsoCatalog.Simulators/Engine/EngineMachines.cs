using System.Text.Json;
using System.Xml;
using System.Xml.Linq;

namespace IsoCatalog.Simulators.Engine;

/// <summary>The CD drives of virtual machines: which names an engine takes for a disc, and what a start makes of one that is gone.</summary>
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
                return EngineAnswer.Ok(EngineEntities.Machine(machine));
            case ("GET", ["cdroms"]):
                return EngineAnswer.Ok(EngineEntities.Collection("cdroms", [EngineEntities.Drive(machine, current)]));
            case ("GET", ["cdroms", var id]) when IsDrive(id):
                return EngineAnswer.Ok(EngineEntities.Drive(machine, current));
            case ("PUT", ["cdroms", var id]) when IsDrive(id):
                return await ChangeAsync(call, machine, current, list, faults, cancellationToken);
            case ("POST", ["start"]) when !machine.IsUp:
                if (await RefusalAsync(machine, machine.Disc, list, faults, cancellationToken) is { } refusal)
                {
                    return refusal;
                }

                (machine.IsUp, machine.CurrentDisc) = (true, machine.Disc);
                return EngineAnswer.Ok(EngineEntities.Action("complete"));
            case ("POST", ["stop"]) when machine.IsUp:
                (machine.IsUp, machine.CurrentDisc) = (false, null);
                return EngineAnswer.Ok(EngineEntities.Action("complete"));
            case ("POST", ["start" or "stop"]):
                return EngineAnswer.Fault(409, "Operation Failed", $"[Cannot run this action: the VM is {(machine.IsUp ? "up" : "down")}.]");
            default:
                return EngineAnswer.NothingThere;
        }
    }

    private static bool IsDrive(string id) => Guid.TryParseExact(id, "D", out var guid) && guid == Guid.Empty;

    private async Task<EngineAnswer> ChangeAsync(
        EngineCall call, Machine machine, bool current, Lister list, EngineFaults faults, CancellationToken cancellationToken)
    {
        if (FileId(call.Body) is not { } id)
        {
            return EngineAnswer.Fault(400, "Incomplete parameters", "CdRom [file.id] required for update");
        }

        if (current && !machine.IsUp)
        {
            return EngineAnswer.Fault(409, "Operation Failed", "[Cannot change CD. VM is not running.]");
        }

        // An empty id ejects.
        var disc = id.Length == 0 ? null : id;
        if (await RefusalAsync(machine, disc, list, faults, cancellationToken) is { } refusal)
        {
            return refusal;
        }

        if (current)
        {
            machine.CurrentDisc = disc;
        }
        else
        {
            machine.Disc = disc;
        }

        return EngineAnswer.Ok(EngineEntities.Drive(machine, current));
    }

    /// <summary>RunVmValidator.validateIsoPath: the list is refreshed, and the name has to be in it exactly.</summary>
    private async Task<EngineAnswer?> RefusalAsync(Machine machine, string? disc, Lister list, EngineFaults faults, CancellationToken cancellationToken)
    {
        if (disc is null)
        {
            return null;
        }

        var center = machine.DataCenter.Name;
        var domain = inventory.Domains.FirstOrDefault(
            d => d.Files is not null && d.DataCenters.Contains(center, StringComparer.Ordinal) && inventory.StatusOf(d, center, faults) == DomainStatus.Active);
        if (domain is null)
        {
            return EngineAnswer.Fault(409, "Operation Failed", "[Cannot run VM from CD without an active ISO Storage Domain.]");
        }

        var (names, failure) = await list(domain, true, faults, cancellationToken);
        return failure ?? (names.Contains(disc, StringComparer.Ordinal)
            ? null
            : EngineAnswer.Fault(409, "Operation Failed", "[Cannot find the ISO file. The file path is wrong or the file is not in an active ISO Storage Domain.]"));
    }

    /// <summary>From <c>&lt;cdrom&gt;&lt;file id=".."/&gt;&lt;/cdrom&gt;</c> or <c>{"file":{"id":".."}}</c>. Null: it is not there.</summary>
    private static string? FileId(string? body)
    {
        try
        {
            if (body?.TrimStart().StartsWith('{') == true)
            {
                using var json = JsonDocument.Parse(body);
                return json.RootElement.GetProperty("file").GetProperty("id").GetString();
            }

            using var reader = XmlReader.Create(new StringReader(body ?? ""), new XmlReaderSettings { DtdProcessing = DtdProcessing.Prohibit, XmlResolver = null });
            return XDocument.Load(reader).Root?.Element("file")?.Attribute("id")?.Value;
        }
        catch (Exception e) when (e is JsonException or XmlException or KeyNotFoundException or InvalidOperationException)
        {
            return null;
        }
    }
}
